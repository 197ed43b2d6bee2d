"""Moving average of a model's weights and statistics."""

from copy import deepcopy

import torch
from torch import nn

__all__ = ["Average"]


class Average:
    """A copy of ``model`` whose floats follow: average ← decay · average + (1 − decay) · model.

    What is not a float (counts, scale steps) is copied. With ``decay`` 0 the average is the model
    itself.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.model = deepcopy(model).requires_grad_(False) if decay else model

    @torch.no_grad()
    def follow(self, model: nn.Module) -> None:
        """Take a step towards ``model``."""
        if not self.decay:
            return
        own, others = self.model.state_dict(), model.state_dict()
        floats = [key for key, tensor in own.items() if tensor.is_floating_point()]
        torch._foreach_lerp_([own[key] for key in floats], [others[key] for key in floats],
                             1 - self.decay)
        for key in own.keys() - set(floats):
            own[key].copy_(others[key])
