"""Gradual magnitude pruning: the smallest weights go along a ramp, and none comes back."""

import torch
from torch import Tensor

__all__ = ["SCOPES", "density_at", "smallest_removed"]

# What competes: all weights of the network, or those of each layer among themselves.
SCOPES = ("global", "layer")


def density_at(progress: float, *, start: float, end: float) -> float:
    """Return the density after a fraction ``progress`` (0 … 1) of a ramp, falling as a cubic.

    Zhu and Gupta 2017: end + (start − end) · (1 − progress)³, fast first while weights are many.

    >>> [round(density_at(p, start=1.0, end=0.2), 3) for p in (0, 0.5, 1)]
    [1.0, 0.3, 0.2]
    """
    return end + (start - end) * (1 - min(1.0, max(0.0, progress))) ** 3


def smallest_removed(weights: dict[str, Tensor], density: float, scope: str) -> dict[str, Tensor]:
    """Return float masks of 0 and 1 that keep the largest magnitudes, ``density`` of all."""
    groups = [weights] if scope == "global" else [{name: w} for name, w in weights.items()]
    masks = {}
    for group in groups:
        magnitude = torch.cat([weight.detach().abs().flatten() for weight in group.values()])
        kept = torch.zeros_like(magnitude)
        count = round(density * len(magnitude))
        kept[magnitude.sort(descending=True, stable=True).indices[:count]] = 1
        parts = kept.split([weight.numel() for weight in group.values()])
        masks |= {name: part.reshape(weight.shape)
                  for (name, weight), part in zip(group.items(), parts, strict=True)}
    return masks

