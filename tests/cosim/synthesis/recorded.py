"""Output of the tools for a processor of two lanes, cut down to what is read of it."""

RAM = r"$paramod$12ab\firstspike_ram"


def _module(*cells: str, **inner: str) -> dict:
    kinds = {f"$g{index}": kind for index, kind in enumerate(cells)} | inner
    return {"cells": {name: {"type": kind} for name, kind in kinds.items()}}


# Yosys, write_json: two lanes of a queue (2 gates, a flip-flop) and a gate; each with a memory in
# two parts of 16 words of 9 bits.
DESIGN = {"modules": {
    "top": _module("$_AND_", lane_0="lane", lane_1="lane", **{"taps$12": "top.taps"}),
    "lane": _module("$_OR_", filter="lane.filter", weight_0=RAM, weight_1=RAM),
    "lane.filter": _module(fifo="lane.filter.fifo"),
    "lane.filter.fifo": _module("$_AND_", "$_MUX_", "$_SDFFE_PP0P_"),
    "top.taps": _module("$_DFF_P_", "$_DFF_P_"),
    RAM: {"cells": {}, "parameter_default_values": {
        "ADDRESS_BITS": "0100", "DEPTH": "00010000", "WIDTH": "00001001"}}}}

# The same, mapped to an ECP5 and without hierarchy.
FLAT = {"modules": {"top": {"cells": {
    "lane_0": {"type": "$scopeinfo"}, "lane_0.filter.fifo": {"type": "$scopeinfo"},
    "lane_0.filter.fifo.level_TRELLIS_FF_Q": {"type": "TRELLIS_FF"},
    "lane_0.filter.fifo.level_LUT4_Z": {"type": "LUT4"},
    "lane_1.filter.fifo.level_TRELLIS_FF_Q": {"type": "TRELLIS_FF"},
    "lane_1.weight_1.words.0.0": {"type": "DP16KD"},
    "taps$12.index_LUT4_Z": {"type": "LUT4"}, "state_LUT4_Z": {"type": "LUT4"}}}}}

# ABC, stime -p, in the colours that it prints; other output runs into it.
TIMING = (
    'WireLoad = "none"  \x1b[1;33mGates =    152\x1b[0m (  7.2 %)   '
    "\x1b[1;36mArea =     1044.75\x1b[0m ( 75.7 %)   \x1b[1;35mDelay =  3536.50 ps\x1b[0m  \n"
    "Path  0 --       5 : 0    1 pi                         A =   0.00  Df =  21.6   -7.8 ps\n"
    "Path 11 --     126 : 4    3 nor4_2    A =  12.51+ write_blif output.blif \n"
    "Path 16 --     141 : 2    1 and2_1    A =   6.26  Df =3536.5  -32.4 ps\n"
    "Start-point = pi01.  End-point = po00.\n")

# What ABC was given.
BLIF = r""".model netlist
.inputs ys__n12 ys__n21
.outputs ys__n6 ys__n30
# ys__n6     $auto$rtlil.cc:3492:MuxGate$6341
# ys__n12    \rst
# ys__n21    \lane_1.level [2]
# ys__n30    \lane_0.weight_1.read_address [1]
.names ys__n12 ys__n6
1 1
"""

# Yosys, dump of what is no gate.
ENDS = r"""
  cell \dfxtp_1 $flatten\lane_0.\filter.\fifo.$auto$ff.cc:266:slice$100
    connect \CLK \clk
    connect \D \lane_1.level [2]
    connect \Q \lane_0.level [2]
  end
  cell \dfxtp_1 $flatten\lane_1.\filter.\fifo.$auto$ff.cc:266:slice$101
    connect \CLK \clk
    connect \D \lane_1.next
    connect \Q \lane_1.level [2]
  end
  cell \dfxtp_1 $flatten\taps$12.$auto$ff.cc:266:slice$102
    connect \D $auto$rtlil.cc:3492:MuxGate$6341
    connect \Q \index
  end
  cell $paramod$12ab\firstspike_ram \lane_0.weight_1
    connect \read_address { \x \lane_0.weight_1.read_address [3:0] }
    connect \read_data \lane_0.weight_1.read_data
  end
"""

LIBRARY = """
library ("two_gates") {
    capacitive_load_unit(1.0, "pf");
    cell ("lpflow_buf_1") {
        area : 1.0;
        pin ("A") { direction : "input"; capacitance : 0.001; }
        pin ("X") { direction : "output"; function : "(A)"; }
    }
    cell ("buf_2") {
        area : 5.0;
        pin ("A") { direction : "input"; capacitance : 0.004; }
        pin ("X") { direction : "output"; function : "A"; }
    }
    cell ("buf_1") {
        area : 3.75;
        pin ("X") { direction : "output"; function : "(A)"; }
        pin ("A") { direction : "input"; capacitance : 0.002; }
    }
    cell ("inv_1") {
        area : 2.5;
        pin ("A") { direction : "input"; capacitance : 0.002; }
        pin ("Y") { direction : "output"; function : "(!A)"; }
    }
    cell ("nand2_1") {
        area : 3.0;
        pin ("A") { direction : "input"; capacitance : 0.002; }
        pin ("B") { direction : "input"; capacitance : 0.002; }
        pin ("Y") { direction : "output"; function : "(!A) | (!B)"; }
    }
    cell ("dfxtp_1") {
        area : 20.0;
        ff ("IQ","IQ_N") { clocked_on : "CLK"; next_state : "D"; }
        pin ("CLK") { direction : "input"; capacitance : 0.002; }
        pin ("D") { direction : "input"; capacitance : 0.002; }
        pin ("Q") { direction : "output"; function : "IQ"; }
    }
}
"""

# nextpnr, --report: the slowest path of the clock, and one from a pin.
REPORT = {
    "fmax": {"$glbnet$clk": {"achieved": 62.5, "constraint": 100.0}},
    "utilization": {
        "DP16KD": {"available": 208, "used": 4}, "MULT18X18D": {"available": 156, "used": 1},
        "TRELLIS_COMB": {"available": 83640, "used": 900},
        "TRELLIS_FF": {"available": 83640, "used": 300}},
    "critical_paths": [
        {"from": "<async>", "to": "posedge $glbnet$clk", "path": [
            {"delay": 0.0, "type": "source", "from": {"cell": "rst", "port": "O"},
             "to": {"cell": "rst", "port": "O"}}]},
        {"from": "posedge $glbnet$clk", "to": "posedge $glbnet$clk", "path": [
            {"delay": 5.5, "type": "clk-to-q",
             "from": {"cell": "lane_1.weight_0.words.0.0", "port": "CLKA"},
             "to": {"cell": "lane_1.weight_0.words.0.0", "port": "DOA3"}},
            {"delay": 2.25, "type": "routing", "net": "lane_1.weight_0.read_data[3]",
             "from": {"cell": "lane_1.weight_0.words.0.0", "port": "DOA3"},
             "to": {"cell": "lane_1.x_LUT4_Z", "port": "A"}},
            {"delay": 8.0, "type": "logic", "from": {"cell": "lane_1.x_LUT4_Z", "port": "A"},
             "to": {"cell": "lane_1.x_LUT4_Z", "port": "F"}},
            {"delay": 0.25, "type": "setup",
             "from": {"cell": "lane_1.filter.fifo.level_TRELLIS_FF_Q", "port": "DI"},
             "to": {"cell": "lane_1.filter.fifo.level_TRELLIS_FF_Q", "port": "CLK"}}]}]}
