"""Energy of the lanes' logic in a real run: of blocks, states, layers, and of each action."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hw.compiler import Program, compile_network
from hw.config import Configuration
from hw.network import Network

from ..console import Progress
from ..execution import SimulationError
from ..failure import CheckFailed
from ..synthesis.library import Library
from .cell import Technology, load_cells
from .mapping import map_lane
from .netlist import Netlist, build_netlist, library_cells
from .phase import STATES, phase_of, phases_of
from .price import KINDS, SLEW_NS, Prices, energy_of, gated_clock_of, glitches_of, price_netlist
from .record import PortRecord, record_lanes
from .simulation import simulate_netlist

__all__ = ["CLOCK_MHZ", "Measurement", "describe", "measure"]

# Leakage is power times the time of a cycle at this clock.
CLOCK_MHZ = 100.0


@dataclass(frozen=True, eq=False)
class Measurement:
    """Energy of all lanes together, in J, by phase (see :func:`cosim.logic_energy.phase.phase_of`).

    Parameters
    ----------
    technology, prices, netlist
        Of one lane.
    layers
        Names.
    cycles
        int64 [phases]: cycles of lanes.
    energy
        float64 [phases, blocks, kinds].
    gated_clock
        float64 [phases, blocks]: what the clock would take with gates.
    glitches
        float64 [phases, blocks]: of changes that are not in ``energy``.
    """

    technology: Technology
    prices: Prices
    netlist: Netlist
    layers: tuple[str, ...]
    cycles: np.ndarray
    energy: np.ndarray
    gated_clock: np.ndarray
    glitches: np.ndarray


def measure(network: Network, config: Configuration, library: Library, images: np.ndarray, *,
            lanes: int | None = None, slew_ns: float = SLEW_NS, clock_mhz: float = CLOCK_MHZ,
            progress: Progress, build_root: Path = Path("sim_build")) -> Measurement:
    """Map a lane to a library, run images, uint8 [N, C, H, W], and count what its gates do.

    The netlist of each of the first ``lanes``, by default of all, is given what its ports carry on
    the RTL. Raises ``ValueError`` if there are not so many, ``CompileError``,
    :class:`cosim.synthesis.library.LibraryError` or ``ToolchainError``, and :class:`CheckFailed` if
    the RTL does not end, or the netlist does not do in every cycle what the RTL does.
    """
    lanes = config.lanes if lanes is None else lanes
    if not 1 <= lanes <= config.lanes:
        raise ValueError(f"lanes must be 1 to {config.lanes} with configuration {config.name}, "
                         f"not {lanes}")
    program = compile_network(network, config)
    module = map_lane(config, library, build_root=build_root, progress=progress)
    technology, cells = load_cells(library.text, library_cells(module))
    netlist = build_netlist(module, cells)
    prices = price_netlist(netlist, technology, slew_ns=slew_ns)
    widths = {name: len(nets) for name, nets in (netlist.inputs | netlist.outputs).items()}
    try:
        records = record_lanes(program, images, widths, lanes=lanes, build_root=build_root,
                               progress=progress)
    except SimulationError as error:
        raise CheckFailed(str(error)) from error
    cycles, energy, gated, glitches = 0, 0, 0, 0
    for lane, record in enumerate(records):
        progress(lane, len(records), "lanes of gates")
        activity = _simulate(netlist, record, program, lane)
        cycles = cycles + activity.cycles
        energy = energy + energy_of(activity, prices, clock_mhz=clock_mhz)
        gated = gated + gated_clock_of(activity, prices)
        glitches = glitches + glitches_of(activity, prices)
    return Measurement(technology, prices, netlist, tuple(layer.name for layer in program.layers),
                       cycles, energy, gated, glitches)


def _simulate(netlist: Netlist, record: PortRecord, program: Program, lane: int):
    """Return what a lane's nets do; from reset on its outputs must be those of the RTL."""
    phases = phases_of(record, program.layers, program.config)
    begin = int(np.flatnonzero(record.bit("rst"))[-1]) + 1
    activity = simulate_netlist(netlist, record, phases, checked_from=begin, phases=phase_of(
        len(program.layers), STATES[0]))
    if activity.wrong_cycle >= 0:
        bits = [f"{name}[{bit}]" for name, nets in netlist.outputs.items()
                for bit in range(len(nets))]
        raise CheckFailed(f"the netlist of lane {lane} differs from the RTL in cycle "
                          f"{activity.wrong_cycle}, in {bits[activity.wrong_output]}")
    return activity


def describe(found: Measurement) -> dict:
    """Return states, blocks and layers as plain data; energies in pJ, of one lane."""
    groups = {state: [phase_of(layer, state) for layer in range(len(found.layers))]
              for state in STATES}
    everything = [phase for phases in groups.values() for phase in phases]
    return {
        "cells": len(found.netlist.instances), "flip_flops": len(found.netlist.states.truth),
        "voltage": found.technology.voltage,
        "states": [{"state": state} | _per_cycle(found, phases) for state, phases in groups.items()]
        + [{"state": "all"} | _per_cycle(found, everything)],
        "blocks": [{"block": block} | {state: _block_per_cycle(found, phases, index)
                                       for state, phases in groups.items()}
                   | _actions(found, groups, index)
                   for index, block in enumerate(found.prices.blocks)],
        "layers": [{"layer": name} | _layer(found, index)
                   for index, name in enumerate(found.layers)]}


def _per_cycle(found: Measurement, phases: list[int]) -> dict:
    """Return cycles, and energy of a lane in one of them, by kind."""
    cycles = int(found.cycles[phases].sum())
    by_kind = _picojoules(found.energy[phases].sum(axis=(0, 1)), cycles)
    gated = _picojoules(found.gated_clock[phases].sum(), cycles)
    glitches = _picojoules(found.glitches[phases].sum(), cycles)
    kinds = dict(zip(KINDS, by_kind, strict=True))
    total = sum(by_kind)
    return {"lane_cycles": cycles, **kinds, "total": total, "gated_clock": gated,
            "gated_total": total - kinds["clock"] + gated, "glitches": glitches}


def _block_per_cycle(found: Measurement, phases: list[int], block: int) -> float:
    return _picojoules(found.energy[phases, block].sum(), int(found.cycles[phases].sum()))


def _actions(found: Measurement, groups: dict[str, list[int]], block: int) -> dict:
    """Return what a block's changes take for an operation and for a neuron, and its clock."""
    adding, waiting, firing = (groups[state] for state in STATES)
    changes, cycles = found.energy[:, block, :2].sum(axis=1), found.cycles
    return {"operation_pj": _picojoules(changes[adding + waiting].sum(), cycles[adding].sum()),
            "operation_glitches_pj": _picojoules(
                found.glitches[adding + waiting, block].sum(), cycles[adding].sum()),
            "neuron_pj": _picojoules(changes[firing].sum(), cycles[firing].sum()),
            "clock_pj": _picojoules(found.prices.clock[block], 1)}


def _layer(found: Measurement, layer: int) -> dict:
    phases = [phase_of(layer, state) for state in STATES]
    operations = int(found.cycles[phases[0]])
    of_layer = _per_cycle(found, phases)
    energy = found.energy[phases].sum()
    return of_layer | {"operations": operations, "energy_nj": float(energy * 1e9)}


def _picojoules(energy, count: int):
    """Return energy in pJ for each of ``count``; 0 for none."""
    shared = energy / max(int(count), 1) * 1e12
    return [float(value) for value in shared] if isinstance(shared, np.ndarray) else float(shared)
