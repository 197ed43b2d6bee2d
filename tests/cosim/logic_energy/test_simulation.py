"""Netlists cycle by cycle."""

import numpy as np

from cosim.logic_energy.record import record_of
from cosim.logic_energy.simulation import simulate_netlist

from .design import THREE_CELLS, TOGGLER, module, netlist, record

ONE_PHASE = np.zeros(6, np.int64)
A = np.array([0, 1, 1, 0, 1, 1])
B = np.array([0, 0, 1, 1, 0, 1])
# Of not (a and not b), one cycle later.
Y = np.array([0, 1, 0, 1, 1, 0])


def test_changes_are_counted_by_phase():
    three = netlist(THREE_CELLS)
    phase = np.array([0, 0, 0, 1, 1, 1])
    found = simulate_netlist(three, record(a=A, b=B, y=Y), phase, checked_from=0)
    assert found.cycles.tolist() == [3, 3]
    changes = {name: np.array([[np.count_nonzero(np.diff(values)[:2]),
                                np.count_nonzero(np.diff(values)[2:])]])
               for name, values in {"a": A, "b": B, "y": Y}.items()}
    nets = three.inputs | three.outputs
    for name, expected in changes.items():
        assert np.array_equal(found.toggles[:, nets[name]].T, expected)
    assert found.wrong_cycle == -1


def test_the_first_wrong_output_is_found():
    wrong = Y.copy()
    wrong[[3, 4]] ^= 1
    found = simulate_netlist(netlist(THREE_CELLS), record(a=A, b=B, y=wrong), ONE_PHASE,
                             checked_from=1)
    assert (found.wrong_cycle, found.wrong_output) == (3, 0)
    later = [simulate_netlist(netlist(THREE_CELLS), record(a=A, b=B, y=wrong), ONE_PHASE,
                              checked_from=cycle).wrong_cycle for cycle in (4, 5)]
    assert later == [4, -1]


def test_a_hazard_is_a_glitch_and_no_change():
    # b and not b meet in a nand, whose output falls for the time of one gate when b rises.
    hazard = netlist(module(
        {"clk": ("input", [2]), "b": ("input", [3]), "y": ("output", [6])},
        {"$1": ("inv", {"A": 3, "Y": 4}), "$2": ("nand2", {"A": 3, "B": 4, "Y": 5}),
         "$3": ("inv", {"A": 5, "Y": 6})}))
    rises = np.array([0, 1, 0, 0, 1, 1])
    found = simulate_netlist(hazard, record(b=rises), ONE_PHASE)
    assert found.toggles[0, hazard.outputs["y"]].tolist() == [0]
    assert found.glitches[0, hazard.outputs["y"]].tolist() == [2 * 2]
    assert found.toggles[0, hazard.inputs["b"]].tolist() == [3]
    assert found.glitches[0, hazard.inputs["b"]].tolist() == [0]


def test_enables_are_watched():
    enable = np.array([1, 1, 0, 0, 1, 0])
    toggler = netlist(TOGGLER)
    found = simulate_netlist(toggler, record(e=enable, y=0 * enable), ONE_PHASE)
    assert found.high[0, toggler.enables].tolist() == [3]
    assert found.toggles[0, toggler.outputs["y"]].tolist() == [3]


def test_a_memory_reads_the_old_word_and_keeps_what_it_read():
    pins = {"clk": 2, "read": 3, "write": 4, "read_address": [5, 6], "write_address": [7, 8],
            "read_data": [9, 10, 11], "write_data": [12, 13, 14]}
    ports = {"clk": ("input", [2]), "read": ("input", [3]), "write": ("input", [4]),
             "from": ("input", [5, 6]), "to": ("input", [7, 8]), "data": ("input", [12, 13, 14]),
             "found": ("output", [9, 10, 11])}
    memory = netlist(module(ports, {"words": ("firstspike_ram", pins)}))
    values = {"read": [0, 0, 1, 1, 0, 1], "write": [1, 1, 1, 0, 0, 0],
              "from": [0, 0, 2, 3, 1, 2], "to": [2, 3, 2, 0, 0, 0], "data": [5, 6, 7, 0, 0, 0],
              "found": [0, 0, 0, 5, 6, 6]}
    widths = {"read": 1, "write": 1, "from": 2, "to": 2, "data": 3, "found": 3}
    shown = {name: np.array(cycles) for name, cycles in values.items()}
    found = simulate_netlist(memory, record_of(shown, widths), ONE_PHASE, checked_from=0)
    assert found.wrong_cycle == -1
    shown["found"] = np.array([0, 0, 0, 7, 6, 6])
    found = simulate_netlist(memory, record_of(shown, widths), ONE_PHASE, checked_from=0)
    assert (found.wrong_cycle, found.wrong_output) == (3, 1)
