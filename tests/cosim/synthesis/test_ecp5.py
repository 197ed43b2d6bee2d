"""What is read of nextpnr's report."""

from cosim.synthesis.ecp5 import read_report
from cosim.synthesis.netlist import Netlist

from .recorded import DESIGN, REPORT


def test_clock_resources_and_the_path_between_flip_flops():
    assert read_report(REPORT, Netlist(DESIGN, "top")) == {
        "resources": {"luts": 900, "flip_flops": 300, "block_rams": 4, "multipliers": 1},
        "clock_mhz": 62.5,
        "critical_path": {"delay_ps": 16000, "from": "lane/weight", "to": "lane/filter/fifo",
                          "signal": "lane_1.weight_0.read_data[3]"}}
