"""Batch normalisation folded into the layer before it."""

import torch
from torch import Tensor, nn

__all__ = ["fold_norm", "fold_norms"]


def fold_norm(weight: Tensor, bias: Tensor | None, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return weight [out, ...] and bias [out] of a layer followed by ``norm`` in evaluation.

    With g = γ / √(σ² + ε): weight · g and (bias − µ) · g + β, in float64, returned as float32.
    """
    gain = (norm.running_var.double() + norm.eps).rsqrt()
    shift = norm.running_mean.double() * -gain
    if norm.affine:
        gain, shift = gain * norm.weight.detach().double(), shift * norm.weight.detach().double()
        shift = shift + norm.bias.detach().double()
    if bias is not None:
        shift = shift + bias.detach().double() * gain
    shaped = gain.reshape(-1, *[1] * (weight.dim() - 1))
    return (weight.detach().double() * shaped).float(), shift.float()


@torch.no_grad()
def fold_norms(model: nn.Sequential) -> nn.Sequential:
    """Return ``model`` with every ``BatchNorm2d`` folded into the conv right before it.

    Layers are shared with ``model``, but for those that change. Names stay.
    """
    folded, before = {}, None
    for name, layer in model.named_children():
        if isinstance(layer, nn.BatchNorm2d):
            conv = folded[before]
            weight, bias = fold_norm(conv.weight, conv.bias, layer)
            other = nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size,
                              stride=conv.stride, padding=conv.padding)
            other.weight.copy_(weight)
            other.bias.copy_(bias)
            folded[before] = other
        else:
            folded[name], before = layer, name
    return _sequential(folded)


def _sequential(layers: dict[str, nn.Module]) -> nn.Sequential:
    model = nn.Sequential()
    for name, layer in layers.items():
        model.add_module(name, layer)
    return model
