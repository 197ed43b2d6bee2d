"""What a run measured, from counts: cycles, utilisation, energy by component, frames per second.

Co-simulation, which counts, and prediction, which calculates the same counts, say it alike.
"""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from hw.config import Configuration
from hw.counters import COUNTERS
from hw.network import Network

from .energy import (
    Table,
    area_mm2,
    components_uj,
    dram_sensitivity,
    energy_rows,
    energy_uj,
)

__all__ = ["measures", "priced"]


def measures(network: Network, config: Configuration, table: Table, counts: np.ndarray) -> dict:
    """Return what ``run.json`` says of counts (DESIGN section 7), as plain data.

    ``counts`` are means for an image, [layers, counters] in the order of ``COUNTERS``. Raises
    :class:`cosim.energy.TableError` if ``table`` has no figure for a memory of ``config``.
    """
    return priced([layer.name for layer in network.layers], config, table, counts)


def priced(layers: Sequence[str], config: Configuration, table: Table, counts: np.ndarray) -> dict:
    """Return the same for layers of these names."""
    whole = _measured(counts.sum(axis=0), config, table)
    cycles = whole["counts"]["cycles"]
    return {
        "layers": [{"name": name, "cycles": row[list(COUNTERS).index("cycles")].item(),
                    **_measured(row, config, table)}
                   for name, row in zip(layers, counts, strict=True)],
        **whole,
        "energy_rows": energy_rows(whole["counts"], config, table),
        "dram_sensitivity_uj": {f"{constant:g}": total for constant, total in
                                dram_sensitivity(whole["counts"], config, table).items()},
        "area_mm2": area_mm2(config, table),
        "clock_mhz": table.clock_mhz,
        "frames_per_second": table.clock_mhz * 1e6 / cycles if cycles else 0.0,
        "configuration": asdict(config)}


def _measured(row: np.ndarray, config: Configuration, table: Table) -> dict:
    """Return what is said of a layer, and of all together."""
    counts = dict(zip(COUNTERS, row.tolist(), strict=True))
    slots = config.lanes * counts["cycles"]
    return {"utilisation": counts["synaptic_operations"] / slots if slots else 0.0,
            "counts": counts, "energy_uj": energy_uj(counts, config, table),
            "components_uj": components_uj(counts, config, table)}
