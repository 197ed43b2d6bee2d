"""Synthesis to the cells of a Liberty library: area of each block, and the critical path."""

import json
import re
from pathlib import Path

from ..console import Progress
from ..toolchain import ToolchainError
from .description import describe
from .library import UNUSED, Library
from .netlist import Netlist
from .tools import YOSYS, run_tool

__all__ = ["MAPPED_TOOLS", "mapped_script", "read_critical_path", "synthesise_mapped"]

MAPPED_TOOLS = (YOSYS,)
NETLIST, ENDS, TIMING = "netlist.json", "ends.il", "timing.txt"
# That of Yosys for -liberty with -constr; a path is sized for speed, everything else for area.
MAPPING = ("strash; &get -n; &fraig -x; &put; scorr; dc2; dretime; strash; &get -n; &dch -f; &nf; "
           "&put; buffer; upsize; dnsize")
# What ABC prints is lost in its WebAssembly build, which closes standard output around it; a file
# opened then takes its place.
REPORTING = f"{MAPPING}\nset abcout {TIMING}\nstime -p\n"
DELAY = re.compile(r"Delay = *(?:\x1b\[[\d;]*m)?([\d.]+) ps")
POINTS = re.compile(r"Start-point = pi(\d+)\.\s+End-point = po(\d+)\.")
SIGNAL = re.compile(r"(\S+)(?: \[(\d+)(?::(\d+))?\])?")
OUTPUTS = re.compile(r"Q|Q_?N|read_data")


def mapped_script(top: str, library: Library) -> str:
    """Return what Yosys does.

    Blocks stay apart for their areas; then, in a second mapping, all boundaries are dissolved and
    ABC reports the longest path between flip-flops and memories.
    """
    unused = " ".join(f"-dont_use {pattern}" for pattern in UNUSED)
    cells = f"-liberty cells.lib {unused}"
    return f"""read_verilog {top}.v
hierarchy -top {top}
blackbox *firstspike_ram*
synth -top {top} -noabc
dfflibmap {cells}
design -save unmapped
abc {cells} -constr constraints -script mapping.abc
opt_clean
write_json {NETLIST}
design -load unmapped
flatten
opt_clean -purge
dump -o {ENDS} t:* t:$_* %d
setenv TMPDIR "."
abc -nocleanup {cells} -constr constraints -script reporting.abc
"""


def synthesise_mapped(folder: Path, top: str, progress: Progress | None, *,
                      library: Library) -> dict:
    """Synthesise ``<top>.v`` in ``folder``; return blocks with areas, memories, critical path."""
    texts = {
        "mapped.ys": mapped_script(top, library), "cells.lib": library.text,
        "constraints": f"set_driving_cell {library.buffer}\nset_load {library.load_ff}\n",
        "mapping.abc": MAPPING + "\n", "reporting.abc": REPORTING}
    for name, text in texts.items():
        (folder / name).write_text(text)
    run_tool(YOSYS, ["mapped.ys"], folder, progress=progress)
    netlist = Netlist(json.loads((folder / NETLIST).read_bytes()), top)
    blif = max(folder.glob("*yosys-abc*/input.blif"), key=lambda path: path.stat().st_mtime)
    path = read_critical_path((folder / TIMING).read_text(), blif.read_text(),
                              (folder / ENDS).read_text(), netlist)
    found = describe(netlist, {
        "cells": lambda cells: sum(cells.values()),
        "flip_flops": lambda cells: sum(cells[kind] for kind in library.sequential),
        "area_um2": library.area})
    return found | {"library": library.name, "critical_path": path}


def read_critical_path(timing: str, blif: str, ends: str, netlist: Netlist) -> dict:
    """Return delay and ends of the longest path between flip-flops or memories.

    Parameters
    ----------
    timing
        What ABC's ``stime -p`` printed.
    blif
        What ABC was given; comments in it have the names of signals.
    ends
        The cells that paths begin and end at, in Yosys' own language.
    """
    points, delay = POINTS.search(timing), DELAY.search(timing)
    if points is None or delay is None:
        raise ToolchainError("yosys failed: ABC reported no longest path")
    start, end = map(int, points.groups())
    ports = {word: line.split()[1:] for line in blif.splitlines()
             for word in (".inputs", ".outputs") if line.startswith(word + " ")}
    names = dict(re.findall(r"^# (ys__n\d+) +(.+?)\s*$", blif, re.MULTILINE))
    first, last = names[ports[".inputs"][start]], names[ports[".outputs"][end]]
    return {"delay_ps": float(delay[1]),
            "from": netlist.block_of(_cell_at(ends, first, drives=True)),
            "to": netlist.block_of(_cell_at(ends, last, drives=False)),
            "signal": _plain(first)}


def _cell_at(ends: str, signal: str, *, drives: bool) -> str:
    """Return the name of the cell that drives a signal, or reads it; a port's own name if none."""
    name, bit, _ = SIGNAL.fullmatch(signal).groups()
    cell = None
    for line in ends.splitlines():
        words = line.split(maxsplit=2)
        if words[:1] == ["cell"]:
            cell = words[2]
        elif words[:1] == ["connect"] and name in words[2] and cell is not None:
            is_output = bool(OUTPUTS.fullmatch(words[1].removeprefix("\\")))
            if is_output == drives and any(_has_bit(match, name, bit)
                                           for match in SIGNAL.finditer(words[2])):
                return _plain(cell)
    return _plain(signal)


def _has_bit(part: re.Match, name: str, bit: str | None) -> bool:
    """Return whether a part of a connection, ``name [high:low]``, has this bit of this signal."""
    found, high, low = part.groups()
    return found == name and (high is None or int(low or high) <= int(bit or 0) <= int(high))


def _plain(name: str) -> str:
    """Return a name of Yosys as ``lane_0.decoder.x[3]``."""
    return name.replace("$flatten", "").replace("\\", "").replace(" ", "")
