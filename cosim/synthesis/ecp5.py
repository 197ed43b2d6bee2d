"""Synthesis for a Lattice ECP5, placed and routed: what it takes of the chip, and its clock."""

import json
import re
from operator import itemgetter
from pathlib import Path

from ..console import Progress
from ..toolchain import ToolchainError
from .description import describe
from .netlist import Netlist
from .tools import NEXTPNR, YOSYS, run_tool

__all__ = ["CLOCK_PIN", "DEVICE", "ECP5_TOOLS", "GRADES", "OPTIONS", "ecp5_script", "read_report",
           "synthesise_ecp5"]

ECP5_TOOLS = (YOSYS, NEXTPNR)
DEVICE = "LFE5U-85F"
# Speed grades that the chip is sold in, the slowest first.
GRADES = (6, 7, 8)
HIERARCHY, FLAT, PINS, REPORT = "hierarchy.json", "flat.json", "pins.lpf", "report.json"
# The package with most pins, and a router that comes to an end where much has to be routed.
OPTIONS = ("--85k", "--package", "CABGA756", "--router", "router2",
           "--lpf", PINS, "--lpf-allow-unconstrained", "--timing-allow-fail")
# What placement aims at if no clock is asked for. If one is, the router begins ways anew that are
# too slow for it, and would do so for ever; it takes fewer rounds if it can be done.
AIM_MHZ, ROUNDS = 100, 200
ROUND = re.compile(r"\biter=(\d+)")
# What registers the chip has, as Yosys says it (synth_ecp5 itself).
REGISTERS = ("-cell $_DFF_?_ 01 -cell $_DFF_?P?_ r -cell $_SDFF_?P?_ r "
             "-cell $_DFFE_??_ 01 -cell $_DFFE_?P??_ r -cell $_SDFFE_?P??_ r")
# A pin with a way of its own to the clock network (PCLKT0_0); from others it may not be routed.
CLOCK_PIN = "C17"
# Cells of the chip as Yosys counts them in a block, and as nextpnr does after packing.
CELLS = {"luts": "LUT4", "carries": "CCU2C", "flip_flops": "TRELLIS_FF",
         "lut_rams": "TRELLIS_DPR16X4", "block_rams": "DP16KD", "multipliers": "MULT18X18D"}
PACKED = {"luts": "TRELLIS_COMB", "flip_flops": "TRELLIS_FF", "block_rams": "DP16KD",
          "multipliers": "MULT18X18D"}


def ecp5_script(top: str) -> str:
    """Return what Yosys does; boundaries of blocks are dissolved, as they would cost much.

    It begins afresh after the hierarchy is written: on what is left of that, Yosys 0.70 fails for
    some processors (an assertion after ABC9). Registers that are to be kept are marked as such
    before anything is merged: Yosys heeds the mark at cells only, and Verilog has it at signals.
    Resets and enables of few registers become logic: the ways to those inputs are few and long.
    """
    return f"""read_verilog {top}.v
hierarchy -top {top}
proc
write_json {HIERARCHY}
design -reset
read_verilog {top}.v
hierarchy -top {top}
proc
attrmvcp -copy -attr keep
synth_ecp5 -top {top} -run begin:map_ffs
dfflegalize -minsrst 100 -mince 6 {REGISTERS}
synth_ecp5 -top {top} -run map_ffs: -json {FLAT}
"""


def synthesise_ecp5(folder: Path, top: str, progress: Progress | None, *, seed: int, grade: int,
                    clock_mhz: int | None) -> dict:
    """Synthesise ``<top>.v`` in ``folder``, place and route; return blocks, resources, clock.

    Raises ``ToolchainError`` if ``clock_mhz`` is asked for and not reached.
    """
    (folder / "ecp5.ys").write_text(ecp5_script(top))
    (folder / PINS).write_text(f'LOCATE COMP "clk" SITE "{CLOCK_PIN}";\n')
    run_tool(YOSYS, ["ecp5.ys"], folder, progress=progress)
    hierarchy, flat = (json.loads((folder / name).read_bytes()) for name in (HIERARCHY, FLAT))
    netlist = Netlist(hierarchy, top, flat=flat)
    aim = ["--freq", str(clock_mhz), "--tmg-ripup"] if clock_mhz else ["--freq", str(AIM_MHZ)]
    run_tool(NEXTPNR, [*OPTIONS, *aim, "--speed", str(grade), "--seed", str(seed), "--json", FLAT,
                       "--report", REPORT], folder, progress=progress,
             gives_up=routes_for_ever if clock_mhz else None)
    found = describe(netlist, {name: itemgetter(kind) for name, kind in CELLS.items()})
    routed = read_report(json.loads((folder / REPORT).read_bytes()), netlist)
    demand(clock_mhz or 0, routed["clock_mhz"])
    return found | {"device": f"{DEVICE}-{grade}", "seed": seed} | routed


def routes_for_ever(log: str) -> str | None:
    """Return why not to wait for the router any more, if the end of its log says so."""
    rounds = ROUND.findall(log)
    if rounds and int(rounds[-1]) >= ROUNDS:
        return f"no routes for the clock in {ROUNDS} rounds; another --seed may have them"
    return None


def demand(clock_mhz: int, reached_mhz: float) -> None:
    """Raise ``ToolchainError`` if a clock is not reached."""
    if reached_mhz < clock_mhz:
        raise ToolchainError(f"clock must be at least {clock_mhz} MHz, not {reached_mhz}; "
                             "it may be with another --seed")


def read_report(report: dict, netlist: Netlist) -> dict:
    """Return resources, clock and critical path of nextpnr's report."""
    (clock, reached), = report["fmax"].items()
    path, = (path["path"] for path in report["critical_paths"]
             if path["from"].split()[-1] == path["to"].split()[-1] == clock)
    used = report["utilization"]
    return {
        "resources": {name: used[kind]["used"] for name, kind in PACKED.items()},
        "clock_mhz": round(reached["achieved"], 2),
        "critical_path": {
            "delay_ps": round(1000 * sum(step["delay"] for step in path)),
            "from": netlist.block_of(path[0]["from"]["cell"]),
            "to": netlist.block_of(path[-1]["to"]["cell"]),
            "signal": next(step["net"] for step in path if "net" in step)}}
