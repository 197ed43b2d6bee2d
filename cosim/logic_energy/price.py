"""What a netlist's transitions cost, block by block."""

from dataclasses import dataclass

import numpy as np

from .cell import PowerTable, Technology
from .netlist import Netlist
from .simulation import Activity

__all__ = ["KINDS", "SLEW_NS", "Prices", "energy_of", "gated_clock_of", "glitches_of",
           "price_netlist"]

KINDS = ("switching", "internal", "clock", "leakage")
# Slew at every input: that of a gate with a moderate load.
SLEW_NS = 0.1


@dataclass(frozen=True, eq=False)
class Prices:
    """Energy by block.

    Parameters
    ----------
    blocks
        Paths; ``own`` for cells of the lane that are in no block.
    switching
        J for each change of a net, float64 [blocks, nets]: ½·C·V² of the input pins that it drives.
        A pin belongs to the block of its cell.
    internal
        J for each change of a net, float64 [blocks, nets]: within the cell that drives it, at the
        load of its pins, and within those that take it.
    clock
        J for each cycle, float64 [blocks]: two changes at every clock pin, within and without.
    enabled
        J for each cycle in which a net is 1, float64 [blocks, nets]: the part of ``clock`` that
        clock gates would save in all other cycles, of flip-flops that the net enables.
    leakage
        W, float64 [blocks].
    """

    blocks: tuple[str, ...]
    switching: np.ndarray
    internal: np.ndarray
    clock: np.ndarray
    enabled: np.ndarray
    leakage: np.ndarray


def price_netlist(netlist: Netlist, technology: Technology, *, slew_ns: float = SLEW_NS) -> Prices:
    """Return the prices of a netlist at the library's nominal voltage."""
    blocks = sorted({instance.block for instance in netlist.instances})
    shape = len(blocks), netlist.nets
    switching, internal, enabled = np.zeros((3, *shape))
    clock, leakage = np.zeros(len(blocks)), np.zeros(len(blocks))
    half = technology.voltage ** 2 / 2
    load = np.zeros(netlist.nets)
    for instance in netlist.instances:
        for pin, net in instance.nets.items():
            load[net] += instance.cell.capacitance.get(pin, 0.0)
    for instance in netlist.instances:
        block, cell = blocks.index(instance.block), instance.cell
        for pin, net in instance.nets.items():
            capacitance = cell.capacitance.get(pin)
            switching[block, net] += half * (capacitance or 0.0)
            internal[block, net] += _mean(cell.power.get(pin, ()), slew_ns,
                                          load[net] if capacitance is None else 0.0)
        if cell.clock is not None:
            both_edges = 2 * (half * cell.capacitance[cell.clock] + _mean(
                cell.power.get(cell.clock, ()), slew_ns, 0.0))
            clock[block] += both_edges
            if cell.enable is not None:
                enabled[block, instance.nets[cell.enable]] += both_edges
        leakage[block] += cell.leakage
    return Prices(tuple(blocks), switching, internal, clock, enabled, leakage)


def energy_of(activity: Activity, prices: Prices, *, clock_mhz: float) -> np.ndarray:
    """Return J, float64 [phases, blocks, kinds], kinds in the order of ``KINDS``."""
    cycles = activity.cycles[:, None]
    return np.stack([
        activity.toggles @ prices.switching.T, activity.toggles @ prices.internal.T,
        cycles * prices.clock, cycles * prices.leakage / (clock_mhz * 1e6)], axis=-1)


def gated_clock_of(activity: Activity, prices: Prices) -> np.ndarray:
    """Return J of clocks with a gate for every enable, float64 [phases, blocks].

    The gates themselves are left out.
    """
    always = prices.clock - prices.enabled.sum(axis=1)
    return activity.cycles[:, None] * always + activity.high @ prices.enabled.T


def glitches_of(activity: Activity, prices: Prices) -> np.ndarray:
    """Return J of changes that do not last, float64 [phases, blocks]."""
    return activity.glitches @ (prices.switching + prices.internal).T


def _mean(tables: tuple[PowerTable, ...], slew_ns: float, load: float) -> float:
    return sum(table.at(slew_ns, load) for table in tables) / len(tables) if tables else 0.0
