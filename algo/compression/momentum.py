"""Momentum of every weight, also of those that do not exist."""

import torch
from torch import Tensor, nn

__all__ = ["Momentum"]

DECAY = 0.9


class Momentum:
    """The exponential average of gradients, m ← 0.9·m + 0.1·g, by the name of the layer.

    A weight that is masked after each step still has a gradient: what the loss would gain from it.
    An optimiser must not gather it, or the weight would move as soon as it came back, so it is kept
    here. Of SGD without weight decay m is a tenth of the momentum buffer, of Adam its first moment.
    """

    def __init__(self, model: nn.Module, names: list[str]):
        self.tensors = {name: torch.zeros_like(model.get_submodule(name).weight.detach())
                        for name in names}

    @torch.no_grad()
    def follow(self, model: nn.Module) -> None:
        """Take in the gradients of a step, before they are hidden."""
        for name, momentum in self.tensors.items():
            momentum.lerp_(model.get_submodule(name).weight.grad, 1 - DECAY)

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Take averages that were kept, on the device and in the memory order of the present ones.
        """
        for name, momentum in self.tensors.items():
            momentum.copy_(tensors[name])
