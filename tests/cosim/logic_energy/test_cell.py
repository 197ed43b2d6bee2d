"""What is taken from the groups of a cell."""

import numpy as np
import pytest

from cosim.logic_energy.cell import load_cells
from cosim.synthesis.library import LibraryError

from .library import LIBRARY


def cell(name: str, *, change: tuple[str, str] = ("", "")):
    assert change[0] in LIBRARY
    return load_cells(LIBRARY.replace(*change) if change[0] else LIBRARY, [name])[1][name]


def test_logic_of_gates_and_flip_flops():
    nand, gated = cell("nand2"), cell("dffe")
    assert (nand.inputs, nand.functions, nand.next_state) == (("A", "B"), {"Y": 0b0111}, None)
    assert gated.inputs == ("D", "E", "IQ")
    assert gated.functions == {"Q": 0b10, "QN": 0b01}       # over the state alone
    assert gated.next_state == 0b1011_1000
    assert (gated.clock, gated.enable, cell("dff").enable) == ("CLK", "E", None)


def test_capacitance_and_leakage_are_in_si_units():
    assert cell("nand2").capacitance == {"A": 0.5e-12, "B": 0.75e-12}
    assert cell("inv").leakage == pytest.approx(10e-9)
    assert cell("nand2").leakage == pytest.approx(20e-9)    # mean of its states
    in_ff = ("(1, pf)", "(10, ff)")
    assert cell("nand2", change=in_ff).capacitance["A"] == pytest.approx(5e-15)
    assert cell("inv", change=('"1nW"', '"1pW"')).leakage == pytest.approx(10e-12)


@pytest.mark.parametrize("slew_ns, load_pf, energy_pj", [
    (0.0, 0.0, 0.25), (0.0, 1.0, 1.25), (1.0, 0.0, 2.25), (0.5, 0.25, 1.5),
    (9.0, 9.0, 3.25), (-1.0, -1.0, 0.25)])
def test_energy_is_a_mean_of_rise_and_fall_and_linear_between_entries(slew_ns, load_pf, energy_pj):
    table, = cell("inv").power["Y"]
    assert table.at(slew_ns, load_pf * 1e-12) == pytest.approx(energy_pj * 1e-12)


def test_axes_may_be_the_other_way_round():
    axes = ("variable_1 : input_transition_time; variable_2 : total_output_net_capacitance",
            "variable_1 : total_output_net_capacitance; variable_2 : input_transition_time")
    table, = cell("inv", change=axes).power["Y"]
    assert np.array_equal(table.values, cell("inv").power["Y"][0].values.T)


@pytest.mark.parametrize("name, change, reason", [
    ("dff", ('clocked_on : "CLK"', 'clocked_on : "!CLK"'), "rising edge"),
    ("dff", ('next_state : "D";', 'next_state : "D"; clear : "D";'), "asynchronous"),
    ("dff", ("ff (IQ, IQN)", "latch (IQ, IQN)"), "must be a gate, or a flip-flop"),
    ("dff", ('next_state : "D";', ""), "must be a gate, or a flip-flop"),
    ("inv", ('function : "!A";', ""), "cell inv: every output must have a function"),
    ("inv", ('function : "!A";', 'function : "!Z";'), "cell inv: function '!Z' must be of A"),
    ("inv", ('values ("0.0, 1.0", \\', 'values ("0.0", \\'), "value for each entry"),
    ("inv", ('index_1 ("0.0, 1.0"); index_2 ("0.0, 1.0");\n          values ("0.0',
             'index_1 ("0.0, 1.0");\n          values ("0.0'), "index for each variable"),
    ("inv", ("nom_voltage : 2.0;", ""), "nom_voltage must be a number"),
    ("inv", ('"1nW"', '"nothing at all"'), "a unit must be a number and a name")])
def test_another_cell_is_refused(name, change, reason):
    with pytest.raises(LibraryError, match=reason) as caught:
        cell(name, change=change)
    assert "\n" not in str(caught.value)
