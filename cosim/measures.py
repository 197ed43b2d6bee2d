"""What a run measured, from counts: cycles, utilisation, energy by component, frames per second.

Co-simulation, which counts, and prediction, which calculates the same counts, say it alike.
"""

import numpy as np

from hw.config import Configuration
from hw.counters import COUNTERS
from hw.network import Network

from .energy import Table, dram_sensitivity, energy_uj

__all__ = ["measures"]


def measures(network: Network, config: Configuration, table: Table, counts: np.ndarray) -> dict:
    """Return what ``run.json`` says of counts (DESIGN section 7), as plain data.

    ``counts`` are means for an image, [layers, counters] in the order of ``COUNTERS``. Raises
    :class:`cosim.energy.TableError` if ``table`` has no figure for a memory of ``config``.
    """
    layers = []
    for layer, row in zip(network.layers, counts, strict=True):
        means = _named(row)
        layers.append({"name": layer.name, "cycles": means["cycles"],
                       "utilisation": _utilisation(means, config), "counts": means,
                       "energy_uj": energy_uj(means, config, table)})
    whole = _named(counts.sum(axis=0))
    return {
        "layers": layers, "utilisation": _utilisation(whole, config), "counts": whole,
        "energy_uj": energy_uj(whole, config, table),
        "dram_sensitivity_uj": {f"{constant:g}": total for constant, total in
                                dram_sensitivity(whole, config, table).items()},
        "clock_mhz": table.clock_mhz,
        "frames_per_second": table.clock_mhz * 1e6 / whole["cycles"] if whole["cycles"] else 0.0}


def _utilisation(counts: dict[str, float], config: Configuration) -> float:
    """Return which part of the additions that the lanes could have made they made."""
    slots = config.lanes * counts["cycles"]
    return counts["synaptic_operations"] / slots if slots else 0.0


def _named(counts: np.ndarray) -> dict[str, float]:
    return dict(zip(COUNTERS, counts.tolist(), strict=True))
