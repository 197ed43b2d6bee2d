"""Synthesis of a configuration for a target, done once and kept."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from filelock import FileLock

from hw.config import Configuration
from hw.emit import processor_verilog
from hw.network import write_whole

from ..console import Progress
from .ecp5 import (
    CLOCK_PIN,
    ECP5_TOOLS,
    GRADES,
    OPTIONS,
    ecp5_script,
    synthesise_ecp5,
)
from .generic import GENERIC_TOOLS, generic_script, synthesise_generic
from .library import load_library
from .mapped import MAPPED_TOOLS, mapped_script, synthesise_mapped
from .tools import Tool, require, versions

__all__ = ["SYNTHESIS_FILE", "Target", "find_target", "synthesise"]

SYNTHESIS_FILE = "synth.json"
TOP = "firstspike"
# What a synthesis leaves that is large and can be made again.
LEFTOVERS = ("*.json", "*.il", "cells.lib", "*yosys-*/*")


@dataclass(frozen=True)
class Target:
    """What a processor is synthesised for.

    Parameters
    ----------
    name
        ``generic``, ``ecp5``, or ``liberty``.
    tools
        What it takes, one after the other.
    work
        Synthesises ``<top>.v`` in a folder: ``work(folder, top, progress)`` returns plain data.
    recipe
        Everything that the result depends on besides Verilog and versions.
    """

    name: str
    tools: tuple[Tool, ...]
    work: Callable[[Path, str, Progress | None], dict]
    recipe: str


def find_target(name: str, *, seed: int = 1, grade: int = GRADES[0],
                clock_mhz: int | None = None) -> Target:
    """Return the target ``generic`` or ``ecp5``, or that of a Liberty file (.lib or .lib.gz).

    ``seed`` is of placement, ``grade`` the speed of the chip, ``clock_mhz`` what must be reached on
    it. Raises ``ValueError``, or ``OSError`` if there is no such file.
    """
    if name == "generic":
        return Target(name, GENERIC_TOOLS, synthesise_generic, generic_script(TOP))
    if name == "ecp5":
        if grade not in GRADES:
            raise ValueError(f"grade must be 6, 7 or 8, not {grade}")
        settings = {"seed": seed, "grade": grade, "clock_mhz": clock_mhz}
        return Target(name, ECP5_TOOLS, partial(synthesise_ecp5, **settings),
                      f"{ecp5_script(TOP)} {' '.join(OPTIONS)} clock at {CLOCK_PIN} {settings}")
    if not name.endswith((".lib", ".lib.gz")):
        raise ValueError(f"target must be generic, ecp5 or a .lib or .lib.gz file, not {name!r}")
    library = load_library(Path(name))
    return Target("liberty", MAPPED_TOOLS, partial(synthesise_mapped, library=library),
                  mapped_script(TOP, library) + library.text)


def synthesise(config: Configuration, target: Target, *, progress: Progress | None = None,
               build_root: Path = Path("sim_build")) -> dict:
    """Return what a processor takes and how fast it is, as plain data.

    The work is done below ``build_root``, where logs and the result are kept: the same Verilog for
    the same target with the same tools is not synthesised again. Safe to call from several
    processes at once. Raises ``ToolchainError`` if a tool is missing or fails.
    """
    require(*target.tools)
    text, used = processor_verilog(config), versions(*target.tools)
    identity = "\0".join([text, target.recipe, json.dumps(used)])
    digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
    folder = (build_root / "synthesis").resolve() / f"{config.name}-{target.name}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / SYNTHESIS_FILE
    with FileLock(folder / "lock"):
        if not kept.exists():
            (folder / f"{TOP}.v").write_text(text)
            found = target.work(folder, TOP, progress)
            for pattern in LEFTOVERS:
                for path in folder.glob(pattern):
                    path.unlink()
            write_whole(kept, json.dumps(found, indent=1).encode())
    return {"config": config.name, "config_sha256": config.sha256, "target": target.name,
            "verilog_sha256": hashlib.sha256(text.encode()).hexdigest(), "tools": used,
            } | json.loads(kept.read_bytes())
