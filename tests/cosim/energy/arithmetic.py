"""The total of a run from its action counts and a table, with nothing but arithmetic.

Nothing of the product is used here: both are read as YAML, and the rules of docs/energy.md written
out again.
"""

from itertools import pairwise
from math import log2
from pathlib import Path

import yaml

__all__ = ["total_uj"]


def total_uj(action_counts: Path, table: Path) -> float:
    """Return the energy of an image in µJ: each count times its constant."""
    counts = yaml.safe_load(action_counts.read_text())["action_counts"]
    constants = yaml.safe_load(table.read_text())
    energies = {component["name"]: component["actions"]
                for component in constants["ERT"]["tables"]}
    areas = {component["name"]: component["areas"] for component in constants["ART"]["tables"]}
    picojoules = 0.0
    for component in counts["local"]:
        for action in component["action_counts"]:
            name, at = component["name"], action["arguments"]
            if action["name"] == "leak":
                power_uw = (constant(areas[name], "area_mm2", at, whole=True)
                            * constant(areas[name], "leakage_uW_per_mm2", at))
                energy = power_uw / constants["ERT"]["clock_MHz"]
            else:
                rows = [row for row in energies[name] if row["name"] == action["name"]]
                energy = constant(rows, "energy_pJ", at, per_bit=at["width_bits"])
            picojoules += action["counts"] * energy
    return picojoules / 1e6


def constant(rows: list, key: str, at: dict, *, per_bit: float | None = None,
             whole: bool = False) -> float:
    """Return a figure of a memory or of logic.

    That of logic and registers belongs to ``width_bits``, and is given for ``per_bit`` bits, or
    for all bits that a register file stores (``whole``).
    """
    if "arguments" not in rows[0]:
        [row] = rows
        if whole:
            per_bit = 8 * at["bytes"] if "bytes" in at else row["width_bits"]
        return row[key] if per_bit is None else row[key] * per_bit / row["width_bits"]
    found = {(row["arguments"]["bytes"], row["width_bits"]): log2(row[key]) for row in rows}
    sizes, widths = (sorted({place[axis] for place in found}) for axis in (0, 1))
    return 2 ** sum(found[size, width] * size_part * width_part
                    for size, size_part in parts(sizes, at["bytes"])
                    for width, width_part in parts(widths, at["width_bits"]))


def parts(places: list, place: float) -> list[tuple[float, float]]:
    for low, high in pairwise(places):
        if low <= place <= high:
            part = log2(place / low) / log2(high / low)
            return [(low, 1 - part), (high, part)]
    raise AssertionError(f"{place} is not among {places}")
