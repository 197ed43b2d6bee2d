"""Energy of changes, and the controls: no activity, and twice as much."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.logic_energy.cell import load_cells
from cosim.logic_energy.netlist import library_cells
from cosim.logic_energy.price import energy_of, gated_clock_of, glitches_of, price_netlist
from cosim.logic_energy.record import record_of
from cosim.logic_energy.simulation import simulate_netlist

from .design import THREE_CELLS, TOGGLER, netlist, record
from .library import LIBRARY

# Inputs of THREE_CELLS: a changes 3 times, b 2 times, nand(a, not b) 3 times, y 2 times.
A, B = np.array([0, 1, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 0])
SWITCHING, INTERNAL, CLOCK, LEAKAGE = range(4)


def priced(design: dict):
    return price_netlist(netlist(design), load_cells(LIBRARY, library_cells(design))[0],
                         slew_ns=0.5)


def activity_of(design: dict, **values):
    cycles = np.zeros(len(next(iter(values.values()))), np.int64)
    return simulate_netlist(netlist(design), record(**values), cycles)


def energies(activity, design: dict = THREE_CELLS) -> np.ndarray:
    """Return pJ, [blocks, kinds], of one phase at 1 MHz."""
    energy, = energy_of(activity, priced(design), clock_mhz=1.0)
    return energy * 1e12


def test_energy_by_hand():
    activity = activity_of(THREE_CELLS, a=A, b=B)
    gate, own = energies(activity)
    assert priced(THREE_CELLS).blocks == ("gate", "own")
    # 2 pJ for each pF that changes: b drives 0.25, a 0.5, and not b, which changes as b, 0.75.
    assert gate[SWITCHING] == pytest.approx(2 * (2 * 0.25 + 3 * 0.5 + 2 * 0.75))
    # The inverter at 0.5 ns and 0.75 pF takes 2.0 pJ for each change; the nand 0.5 pJ.
    assert gate[INTERNAL] == pytest.approx(2 * 2.0 + 3 * 0.5)
    assert own[SWITCHING] == pytest.approx(2 * 3 * 0.125)
    assert own[INTERNAL] == pytest.approx(3 * 0.0625)
    # In each of 6 cycles two edges: 1 pF, and 1 pJ within.
    assert own[CLOCK] == pytest.approx(6 * 2 * (2 * 1.0 + 1.0))
    assert gate[CLOCK] == own[LEAKAGE] == 0
    # 30 nW for 6 µs.
    assert gate[LEAKAGE] == pytest.approx(30e-9 * 6e-6 * 1e12)


def test_without_activity_there_is_clock_and_leakage_alone():
    settling, still = energy_of(simulate_netlist(
        netlist(THREE_CELLS), record(a=np.arange(6) > 0, b=np.zeros(6)),
        np.array([0, 0, 1, 1, 1, 1])), priced(THREE_CELLS), clock_mhz=1.0) * 1e12
    assert settling[:, INTERNAL].all()
    assert not still[:, [SWITCHING, INTERNAL]].any()
    of_four_cycles = energies(activity_of(THREE_CELLS, a=A[:4], b=B[:4]))
    assert np.array_equal(still[:, [CLOCK, LEAKAGE]], of_four_cycles[:, [CLOCK, LEAKAGE]])
    assert still[:, [CLOCK, LEAKAGE]].any(axis=0).all()


def test_twice_the_changes_take_exactly_twice_the_energy():
    once = activity_of(THREE_CELLS, a=A, b=B)
    twice = replace(once, toggles=2 * once.toggles)
    changes, rest = [SWITCHING, INTERNAL], [CLOCK, LEAKAGE]
    assert np.array_equal(energies(twice)[:, changes], 2 * energies(once)[:, changes])
    assert np.array_equal(energies(twice)[:, rest], energies(once)[:, rest])


def test_inputs_that_change_half_as_often_take_half_the_energy_of_a_cycle():
    fast = activity_of(THREE_CELLS, a=A, b=B)
    slow = activity_of(THREE_CELLS, a=A.repeat(2), b=B.repeat(2))
    changes = [SWITCHING, INTERNAL]
    fast_pj, slow_pj = energies(fast)[:, changes] / 6, energies(slow)[:, changes] / 12
    # The register shows the last value in both cases, one cycle later; it drives nothing.
    assert slow_pj == pytest.approx(fast_pj / 2)


def test_glitches_are_priced_as_changes_are():
    activity = activity_of(THREE_CELLS, a=A, b=B)
    as_glitches = replace(activity, glitches=activity.toggles, toggles=0 * activity.toggles)
    assert glitches_of(as_glitches, priced(THREE_CELLS))[0] * 1e12 == pytest.approx(
        energies(activity)[:, [SWITCHING, INTERNAL]].sum(axis=1))
    assert not energies(as_glitches)[:, [SWITCHING, INTERNAL]].any()


def test_a_gate_stops_the_clock_where_it_is_not_enabled():
    enable = np.array([1, 1, 0, 0, 1, 0])
    activity = simulate_netlist(netlist(TOGGLER), record_of({"e": enable}, {"e": 1}),
                                np.array([0, 0, 0, 0, 1, 1]))
    prices = priced(TOGGLER)
    clock = energy_of(activity, prices, clock_mhz=1.0)[:, :, CLOCK].sum(axis=1) * 1e12
    gated = gated_clock_of(activity, prices).sum(axis=1) * 1e12
    assert clock == pytest.approx([4 * 6.0, 2 * 6.0])       # 1.5 pF at two edges
    assert gated == pytest.approx([2 * 6.0, 1 * 6.0])
    ungated = gated_clock_of(activity_of(THREE_CELLS, a=A, b=B), priced(THREE_CELLS))
    assert ungated.sum() * 1e12 == pytest.approx(6 * 6.0)
