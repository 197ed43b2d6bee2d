"""The Pareto front: designs that no other beats in both accuracy and cost."""

from collections.abc import Sequence

from .design import MEASURES, Design

__all__ = ["front", "fronts_of"]


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the indices of the points (gain, cost) that none dominates.

    A point dominates another if its gain is no lower and its cost no higher, and one of them is
    better.

    >>> front([(0.9, 10.0), (0.8, 5.0), (0.8, 6.0), (0.9, 10.0)])
    [0, 1, 3]
    """
    return [index for index, (gain, cost) in enumerate(points)
            if not any(other >= gain and price <= cost and (other, price) != (gain, cost)
                       for other, price in points)]


def fronts_of(designs: Sequence[Design]) -> dict[str, list[int]]:
    """Return by measure the indices of the designs that none dominates in accuracy and it.

    Designs without accuracy, or without the measure, are left out.
    """
    found = {}
    for measure in MEASURES:
        known = [index for index, design in enumerate(designs)
                 if design.accuracy is not None and getattr(design, measure) is not None]
        points = [(designs[index].accuracy, getattr(designs[index], measure)) for index in known]
        found[measure] = [known[place] for place in front(points)]
    return found
