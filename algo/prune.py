"""Magnitude pruning: masks that grow during training and that no optimiser step revives."""

import torch
from torch import Tensor, nn

__all__ = ["SCOPES", "Masks", "density_at", "smallest_removed"]

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


class Masks:
    """Which weights of a model's conv and linear layers exist, and the fraction that does.

    A weight that is gone is exactly 0 and stays so: call ``apply`` after each optimiser step.
    """

    def __init__(self, model: nn.Module):
        self._keep({name: torch.ones_like(weight.detach())
                    for name, weight in _weights(model).items()})

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Take masks that were kept, on the device of the present ones."""
        self._keep({name: tensors[name].to(mask.device) for name, mask in self.tensors.items()})

    def prune(self, model: nn.Module, density: float, scope: str) -> None:
        """Remove the smallest weights until ``density`` is left; what is gone stays gone."""
        if density < self.density:
            self._keep(smallest_removed(_weights(model), density, scope))
            self.apply(model)

    @torch.no_grad()
    def apply(self, model: nn.Module) -> None:
        """Set what is gone to 0."""
        if self.density < 1:
            for name, mask in self.tensors.items():
                model.get_submodule(name).weight.mul_(mask)

    def _keep(self, tensors: dict[str, Tensor]) -> None:
        self.tensors = tensors
        kept = sum(float(mask.sum()) for mask in tensors.values())
        self.density = kept / sum(mask.numel() for mask in tensors.values())


def _weights(model: nn.Module) -> dict[str, Tensor]:
    """Return the weights that may be pruned, by the name of their layer; frozen ones may not."""
    return {name: layer.weight for name, layer in model.named_modules()
            if isinstance(layer, nn.Conv2d | nn.Linear) and layer.weight.requires_grad}
