"""Integer budgets: how many weights a network keeps, and how they are shared out to its layers."""

import math
from collections.abc import Sequence

__all__ = ["initial_counts", "shared_out", "weights_to_drop", "whole_budget"]


def whole_budget(density: float, total: int) -> int:
    """Return how many of ``total`` weights exist at ``density``: the nearest whole number."""
    return round(density * total)


def weights_to_drop(fraction: float, kept: int) -> int:
    """Return how many of a layer's ``kept`` weights go: ⌈fraction · kept⌉, but one always stays."""
    return max(0, min(math.ceil(fraction * kept), kept - 1))


def shared_out(count: int, shares: Sequence[float], room: Sequence[int]) -> list[int]:
    """Return ``count`` split into integers in proportion to ``shares``, none above its ``room``.

    Whose proportion would not fit is filled, and what remains goes to the others in the same way.
    Fractions are settled by the largest remainders, the first of equal ones. Where no share is
    positive, the rest is split evenly. The sum is exact; ``count`` is at most the sum of ``room``.

    >>> shared_out(10, [1, 1, 2], [10, 10, 10]), shared_out(10, [1, 1, 8], [10, 10, 4])
    ([3, 2, 5], [3, 3, 4])
    """
    if not 0 <= count <= sum(room):
        raise ValueError(f"the count to share out must be 0 to {sum(room)}, not {count}")
    found, open_places = [0] * len(room), [i for i, places in enumerate(room) if places]
    while count and open_places:
        total = math.fsum(shares[i] for i in open_places)
        weights = {i: shares[i] / total if total > 0 else 1 / len(open_places)
                   for i in open_places}
        full = [i for i in open_places if count * weights[i] >= room[i]]
        if not full:
            quotas = {i: count * weights[i] for i in open_places}
            for i in open_places:
                found[i] = int(quotas[i])
            rest = count - sum(found[i] for i in open_places)
            order = sorted(open_places, key=lambda i: found[i] - quotas[i])
            for i in order[:rest]:
                found[i] += 1
            return found
        for i in full:
            found[i] = min(room[i], count)
            count -= found[i]
            open_places.remove(i)
    return found


def initial_counts(budget: int, sizes: Sequence[int]) -> list[int]:
    """Return weights of each layer in proportion to its size, at least one, ``budget`` in all.

    Raises ``ValueError`` if there are fewer weights than layers.
    """
    if budget < len(sizes):
        raise ValueError(f"density must leave each of {len(sizes)} layers a weight, not "
                         f"{budget} in all")
    room = [size - 1 for size in sizes]
    return [1 + more for more in shared_out(budget - len(sizes), room, room)]
