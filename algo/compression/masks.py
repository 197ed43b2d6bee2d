"""Masks: which weights of a network exist, and that no optimiser step revives one that does not."""

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from .gradual import smallest_removed

__all__ = ["Masks", "prunable_weights"]


def prunable_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return the weights that may be pruned, by the name of their layer; frozen ones may not."""
    return {name: layer.weight for name, layer in model.named_modules()
            if isinstance(layer, nn.Conv2d | nn.Linear) and layer.weight.requires_grad}


class Masks:
    """Which weights of a model's conv and linear layers exist, and the fraction that does.

    ``tensors`` are floats of 0 and 1 by the name of the layer. A weight that is gone is exactly 0
    and stays so: call ``hide_gradients`` before each optimiser step and ``apply`` after it, and
    ``forget`` after masks changed.

    With ``by_channel`` a weight is gone for one of two reasons: its input channel is gone, or
    nothing reads its output channel. Only the former are set to 0. The filter of a channel that
    nothing reads does not count and has no effect, but keeps its values: so the weights that would
    read it have a gradient, by which channels are compared and may come back.
    """

    def __init__(self, model: nn.Module, *, by_channel: bool = False):
        self.by_channel = by_channel
        self.keep({name: torch.ones_like(weight.detach())
                   for name, weight in prunable_weights(model).items()})

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Take masks that were kept, on the device of the present ones."""
        self.keep({name: tensors[name].to(mask.device) for name, mask in self.tensors.items()})

    def keep(self, tensors: dict[str, Tensor]) -> None:
        """Let these masks be the present ones."""
        self.tensors = tensors
        kept = sum(int(mask.count_nonzero()) for mask in tensors.values())
        self.density = kept / sum(mask.numel() for mask in tensors.values())
        zeroed = {name: mask.amax(0, keepdim=True) if self.by_channel else mask
                  for name, mask in tensors.items()}
        self._zeroed = {name: mask for name, mask in zeroed.items() if not mask.all()}

    def prune(self, model: nn.Module, density: float, scope: str) -> None:
        """Remove the smallest weights until ``density`` is left; what is gone stays gone."""
        if density < self.density:
            self.keep(smallest_removed(prunable_weights(model), density, scope))
            self.apply(model)

    @torch.no_grad()
    def apply(self, model: nn.Module) -> None:
        """Set weights that are gone to 0."""
        for name, mask in self._zeroed.items():
            model.get_submodule(name).weight.mul_(mask)

    @torch.no_grad()
    def hide_gradients(self, model: nn.Module) -> None:
        """Set gradients of weights that are gone to 0, so that no optimiser gathers them."""
        for name, mask in self._zeroed.items():
            gradient = model.get_submodule(name).weight.grad
            if gradient is not None:
                gradient.mul_(mask)

    @torch.no_grad()
    def forget(self, model: nn.Module, optimiser: Optimizer) -> None:
        """Set what an optimiser knows of weights that are gone to 0.

        A weight that comes back then starts like a new one, where Adam's averages of before would
        move it at once.
        """
        for name, mask in self._zeroed.items():
            weight = model.get_submodule(name).weight
            for state in optimiser.state.get(weight, {}).values():
                if isinstance(state, Tensor) and state.shape == weight.shape:
                    state.mul_(mask)
