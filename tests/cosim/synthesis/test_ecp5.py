"""What is read of nextpnr's report and log."""

import pytest

from cosim.synthesis.ecp5 import ROUNDS, demand, read_report, routes_for_ever
from cosim.synthesis.netlist import Netlist
from cosim.toolchain import ToolchainError

from .recorded import DESIGN, REPORT


def test_clock_resources_and_the_path_between_flip_flops():
    assert read_report(REPORT, Netlist(DESIGN, "top")) == {
        "resources": {"luts": 900, "flip_flops": 300, "block_rams": 4, "multipliers": 1},
        "clock_mhz": 62.5,
        "critical_path": {"delay_ps": 16000, "from": "lane/weight", "to": "lane/filter/fifo",
                          "signal": "lane_1.weight_0.read_data[3]"}}


def test_a_router_that_does_not_end_is_given_up():
    rounds = [f"Info:     iter={number} wires=813763 overused=0 overuse=0 tmgfail=4 archfail=NA\n"
              for number in (ROUNDS - 1, ROUNDS)]
    assert routes_for_ever("") is None and routes_for_ever(rounds[0]) is None
    assert routes_for_ever("".join(rounds)) == (
        f"no routes for the clock in {ROUNDS} rounds; another --seed may have them")


def test_a_clock_that_is_asked_for_is_reached_or_it_is_an_error():
    demand(100, 100.0)
    with pytest.raises(ToolchainError, match=r"^clock must be at least 100 MHz, not 98\.81; "):
        demand(100, 98.81)
