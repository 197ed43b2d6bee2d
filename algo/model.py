"""The models that recipes train, in the four forms of their training."""

import numpy as np
import torch
from torch import Tensor, nn

from hw.numbers import NumberFormat

from .fold import fold_norms
from .neuron import Clip, TimeCoded
from .quantise import to_log_layer

__all__ = ["FORMS", "build", "in_form", "predictions_of"]

# Forms of conversion-aware training, in order; a model goes from one to the next.
FORMS = ("relu", "clip", "time", "log")


def build(channels: tuple[int, ...], pools: tuple[int, ...], *, input_shape: tuple[int, int, int],
          classes: int) -> nn.Sequential:
    """Return a new plain CNN in the form ``relu``.

    Each entry of ``channels`` is a 3x3 conv of that many channels, batch normalisation, max pooling
    by the entry of ``pools`` (1: none) and an activation; a linear classifier follows.

    Shape: float [N, C, H, W] -> [N, classes].
    """
    model, (fan_in, height, width) = nn.Sequential(), input_shape
    for index, (out, pool) in enumerate(zip(channels, pools, strict=True), start=1):
        conv = nn.Conv2d(fan_in, out, 3, padding=1, bias=False)
        norm = nn.BatchNorm2d(out)
        nn.init.constant_(norm.weight, 0.5)                 # most potentials below θ = 1
        model.add_module(f"conv{index}", conv)
        model.add_module(f"norm{index}", norm)
        if pool > 1:
            model.add_module(f"pool{index}", nn.MaxPool2d(pool))
        model.add_module(f"fire{index}", nn.ReLU())     # commutes with pooling, and is cheaper
        fan_in, height, width = out, height // pool, width // pool
    model.add_module("flatten", nn.Flatten())
    model.add_module("scores", nn.Linear(fan_in * height * width, classes))
    return model


def in_form(model: nn.Sequential, form: str, numbers: NumberFormat) -> nn.Sequential:
    """Return ``model`` in the form that follows its own; weights carry over.

    ``relu``: as built. ``clip``: activations clip at 1. ``time``: activations are the firing rule.
    ``log``: batch normalisation is folded, weights are logarithmic with scales chosen now.
    """
    if form == "clip":
        return _replaced(model, nn.ReLU, lambda _: Clip())
    if form == "time":
        return _replaced(model, Clip, lambda _: TimeCoded(numbers))
    if form == "log":
        folded = fold_norms(model)
        output = list(folded)[-1]
        return _replaced(folded, nn.Conv2d | nn.Linear,
                         lambda layer: to_log_layer(layer, numbers, shared=layer is output))
    return model


def _replaced(model: nn.Sequential, kind, make) -> nn.Sequential:
    other = nn.Sequential()
    for name, layer in model.named_children():
        other.add_module(name, make(layer) if isinstance(layer, kind) else layer)
    return other.train(model.training)


@torch.inference_mode()
def predictions_of(model: nn.Module, worth: Tensor, images: np.ndarray, *,
                   batch: int = 512) -> np.ndarray:
    """Return the classes int64 [N] that ``model`` gives uint8 images, in evaluation mode.

    ``worth`` is what each pixel value is worth, float [256].
    """
    model.eval()
    parts = torch.from_numpy(images).split(batch)
    return torch.cat([model(worth[part.long()]).argmax(1) for part in parts]).numpy()
