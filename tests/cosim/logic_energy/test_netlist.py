"""Netlists as arrays."""

import pytest

from cosim.logic_energy.netlist import library_cells
from cosim.synthesis.library import LibraryError

from .design import THREE_CELLS, TOGGLER, module, netlist


def test_a_gate_comes_after_those_that_it_depends_on():
    found = netlist(THREE_CELLS)
    order = found.gates.outputs.tolist()
    known = {0, *found.inputs["a"], *found.inputs["b"], *found.states.outputs}
    for inputs, output in zip(found.gates.inputs.tolist(), order, strict=True):
        assert set(inputs) <= known
        known.add(output)
    assert set(found.outputs["y"]) <= known


def test_cells_belong_to_blocks():
    found = {instance.cell.name: instance.block for instance in netlist(THREE_CELLS).instances}
    assert found == {"inv": "gate", "nand2": "gate", "dff": "own"}
    assert library_cells(THREE_CELLS) == ["dff", "inv", "nand2"]


def test_enables_are_nets():
    found = netlist(TOGGLER)
    assert found.enables.tolist() == found.inputs["e"].tolist()
    assert not len(netlist(THREE_CELLS).enables)


def test_a_loop_is_refused():
    loop = module({"clk": ("input", [2])}, {
        "$1": ("inv", {"A": 3, "Y": 4}), "$2": ("buf", {"A": 4, "Y": 3})})
    with pytest.raises(LibraryError, match="must not have a loop of 2 gates"):
        netlist(loop)


def test_another_clock_is_refused():
    other = module({"clk": ("input", [2]), "a": ("input", [3])},
                   {"$7": ("dff", {"CLK": 3, "D": 2, "Q": 4})})
    with pytest.raises(LibraryError, match=r"cell \$7: its clock must be the port clk"):
        netlist(other)
