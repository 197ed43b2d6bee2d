"""Weights that move: the smallest of each layer go, and others come back where momentum is largest.

Dettmers and Zettlemoyer 2019 (sparse momentum); the number of weights that exist never changes.
"""

import math

import torch
from torch import Tensor

from .budgets import initial_counts, shared_out, weights_to_drop, whole_budget
from .structures import Select

__all__ = ["drop_fraction", "dropped", "fewer_weights", "first_masks", "mean_momentum", "regrown"]


def drop_fraction(first: float, done: int, epochs: int) -> float:
    """Return the fraction of weights that goes after ``done`` of ``epochs`` epochs.

    It falls as half a cosine from ``first`` to 0 at the end, so that the last masks are trained.

    >>> [round(drop_fraction(0.5, done, 4), 3) for done in range(5)]
    [0.5, 0.427, 0.25, 0.073, 0.0]
    """
    return first * (1 + math.cos(math.pi * done / epochs)) / 2


def first_masks(scores: dict[str, Tensor], density: float, select: Select, *,
                compete: bool) -> dict[str, Tensor]:
    """Return masks (bool) of the best weights of new layers, by their name.

    All layers have the same density, or with ``compete`` that at which the scores of all layers
    compare; at least one weight each. Raises ``ValueError`` if there are fewer than layers.
    """
    sizes = [score.numel() for score in scores.values()]
    counts = initial_counts(whole_budget(density, sum(sizes)), sizes)
    if compete:
        counts = _counts_of_the_best([score.flatten() for score in scores.values()], sum(counts))
    return {name: select(score, torch.zeros_like(score, dtype=torch.bool), count)
            for (name, score), count in zip(scores.items(), counts, strict=True)}


def fewer_weights(scores: dict[str, Tensor], masks: dict[str, Tensor], density: float,
                  select: Select) -> dict[str, Tensor]:
    """Return ``masks`` (bool) with the best of their weights only, ``density`` of all places.

    Scores of all layers compare; each layer keeps one weight at least. Scores must be positive.
    """
    scores = {name: score * masks[name] for name, score in scores.items()}
    budget = whole_budget(density, sum(score.numel() for score in scores.values()))
    budget = min(budget, sum(int(mask.count_nonzero()) for mask in masks.values()))
    counts = _counts_of_the_best([score.flatten() for score in scores.values()], budget)
    return {name: select(score, masks[name], count)
            for (name, score), count in zip(scores.items(), counts, strict=True)}


def dropped(weights: dict[str, Tensor], masks: dict[str, Tensor], fraction: float,
            select: Select) -> dict[str, Tensor]:
    """Return ``masks`` (bool) without the smallest ⌈fraction · kept⌉ weights of each layer."""
    left = {}
    for name, mask in masks.items():
        kept = int(mask.count_nonzero())
        left[name] = select(weights[name].abs(), mask, kept - weights_to_drop(fraction, kept))
    return left


def mean_momentum(momentum: dict[str, Tensor], masks: dict[str, Tensor]) -> list[float]:
    """Return the mean |momentum| of the weights of each layer that exist; 0 where it is no number.
    """
    return [float(momentum[name][mask].abs().mean(dtype=torch.float64).nan_to_num(0, 0, 0))
            for name, mask in masks.items()]


def regrown(scores: dict[str, Tensor], masks: dict[str, Tensor], count: int,
            shares: list[float], select: Select) -> dict[str, Tensor]:
    """Return ``masks`` (bool) with ``count`` more weights, those of the largest score.

    They are shared out to the layers in proportion to ``shares``, as far as these have room.
    """
    kept = [int(mask.count_nonzero()) for mask in masks.values()]
    room = [mask.numel() - own for mask, own in zip(masks.values(), kept, strict=True)]
    more = shared_out(count, shares, room)
    return {name: select(scores[name], mask, own + new) for (name, mask), own, new
            in zip(masks.items(), kept, more, strict=True)}


def _counts_of_the_best(scores: list[Tensor], budget: int) -> list[int]:
    """Return how many of the best ``budget`` scores each layer has, but at least one."""
    best = [int(score.argmax()) for score in scores]
    layer = torch.cat([torch.full_like(score, index, dtype=torch.int64)
                       for index, score in enumerate(scores)])
    ranked = torch.cat(scores)
    starts = [0]
    for score in scores[:-1]:
        starts.append(starts[-1] + len(score))
    ranked[[start + place for start, place in zip(starts, best, strict=True)]] = math.inf
    order = ranked.sort(descending=True, stable=True).indices[:budget]
    return torch.bincount(layer[order], minlength=len(scores)).tolist()
