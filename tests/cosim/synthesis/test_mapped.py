"""The longest path of a design that is mapped to a library."""

import pytest

from cosim.synthesis.mapped import read_critical_path
from cosim.synthesis.netlist import Netlist
from cosim.toolchain import ToolchainError

from .recorded import BLIF, DESIGN, ENDS, TIMING


def path(timing: str = TIMING) -> dict:
    return read_critical_path(timing, BLIF, ENDS, Netlist(DESIGN, "top"))


def test_begins_where_its_signal_is_driven_and_ends_where_it_is_read():
    assert path() == {"delay_ps": 3536.5, "from": "lane/filter/fifo", "to": "taps",
                      "signal": "lane_1.level[2]"}


def test_a_port_is_its_own_beginning_and_a_memory_an_end():
    found = path(TIMING.replace("pi01", "pi00").replace("po00", "po01"))
    assert (found["from"], found["to"], found["signal"]) == ("processor", "lane/weight", "rst")


@pytest.mark.parametrize("bits, block", [
    ("[3:0]", "lane/weight"), ("[1]", "lane/weight"), ("[3:2]", "lane"), ("[0]", "lane")])
def test_an_end_has_the_bit(bits, block):
    name = r"\lane_0.weight_1.read_address"
    blif, ends = (text.replace(name, r"\lane_0.x") for text in (BLIF, ENDS))
    found = read_critical_path(TIMING.replace("po00", "po01"), blif, ends.replace("[3:0]", bits),
                               Netlist(DESIGN, "top"))
    assert found["to"] == block


def test_other_output_is_no_timing():
    with pytest.raises(ToolchainError, match="no longest path"):
        path("ABC was here")
