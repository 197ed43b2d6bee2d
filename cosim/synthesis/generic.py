"""Synthesis to gates of two inputs: how large a processor is, whatever it is built with."""

import json
import re
from pathlib import Path

from ..console import Progress
from .description import describe
from .netlist import Netlist
from .tools import YOSYS, run_tool

__all__ = ["GENERIC_TOOLS", "generic_script", "synthesise_generic"]

GENERIC_TOOLS = (YOSYS,)
FLIP_FLOP = re.compile(r"\$_.*(?:DFF|LATCH)")
NETLIST = "netlist.json"


def generic_script(top: str) -> str:
    """Return what Yosys does: blocks stay apart, and memories are left out of them."""
    return f"""read_verilog {top}.v
hierarchy -top {top}
blackbox *firstspike_ram*
synth -top {top}
write_json {NETLIST}
"""


def synthesise_generic(folder: Path, top: str, progress: Progress | None) -> dict:
    """Synthesise ``<top>.v`` in ``folder``; return blocks and memories."""
    (folder / "generic.ys").write_text(generic_script(top))
    run_tool(YOSYS, ["generic.ys"], folder, progress=progress)
    netlist = Netlist(json.loads((folder / NETLIST).read_bytes()), top)
    return describe(netlist, {"cells": lambda cells: sum(cells.values()),
                              "flip_flops": _flip_flops})


def _flip_flops(cells) -> int:
    return sum(number for kind, number in cells.items() if FLIP_FLOP.match(kind))
