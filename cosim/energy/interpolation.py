"""Interpolation between memories of a table, in size and width of the port."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

__all__ = ["corners", "interpolated", "marks"]


def marks(entries: Sequence) -> tuple[list[float], list[float]]:
    """Return the sizes and the widths of entries, each in order and once."""
    return (sorted({entry.size_bytes for entry in entries}),
            sorted({entry.width_bits for entry in entries}))


def corners(entries: Sequence, size_bytes: float, width_bits: float) -> list[tuple]:
    """Return the entries around a memory, at most four, each with its weight; weights add to 1.

    ``entries`` have every pair of their sizes and widths, and the memory lies between them. The
    weights are those of straight lines in log(size) and log(width).
    """
    sizes, widths = marks(entries)
    by_place = {(entry.size_bytes, entry.width_bits): entry for entry in entries}
    return [(by_place[size, width], size_weight * width_weight)
            for size, size_weight in _around(sizes, size_bytes)
            for width, width_weight in _around(widths, width_bits)]


def interpolated(found: Sequence[tuple], value: Callable) -> float:
    """Return the value of a memory from its corners: their geometric mean by weight."""
    return math.prod(value(entry) ** weight for entry, weight in found)


def _around(places: Sequence[float], place: float) -> list[tuple[float, float]]:
    """Return the neighbours of a place with their weights, or the place itself."""
    if place in places:
        return [(place, 1.0)]
    low, high = next(pair for pair in pairwise(places) if pair[0] < place < pair[1])
    weight = math.log(place / low) / math.log(high / low)
    return [(low, 1 - weight), (high, weight)]
