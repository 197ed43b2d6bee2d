"""What modules of PyTorch are in a network: spikes and potentials, still with float weights.

Each value of a graph is either *spikes* (the image, or what a layer fired) or a *potential* (sums
of convs and linear layers that have not fired yet). Whatever fits neither is refused by name.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, fx, nn

from hw.network import Shape

from .fold import fold_norm

__all__ = ["ExportError", "FloatGroup", "Potential", "Spikes", "added", "as_spikes", "averaged",
           "conv", "flattened", "linear", "normalised", "shrunk", "square"]


class ExportError(ValueError):
    """A module cannot be expressed; the message is one line that names it and what to do."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FloatGroup:
    """Synapses from one source, float weights; ``scale_step`` [out] if they are codes already."""

    source: str
    kind: str
    weight: Tensor
    stride: int = 1
    padding: int = 0
    scale_step: Tensor | None = None


@dataclass(frozen=True)
class Spikes:
    """The image or what a layer fired, perhaps averaged over windows or flattened since."""

    source: str
    shape: Shape
    averaged: tuple[int, int] = (1, 1)
    is_flat: bool = False

    @property
    def averaged_shape(self) -> Shape:
        return Shape(self.shape.channels, self.shape.height // self.averaged[0],
                     self.shape.width // self.averaged[1])


@dataclass(frozen=True, eq=False)
class Potential:
    """Sums that have not fired yet; ``name`` is that of the module that began them."""

    name: str
    groups: tuple[FloatGroup, ...]
    bias: Tensor
    shape: Shape
    pool: int = 1
    is_flat: bool = False


def as_spikes(name: str, module: nn.Module, value) -> Spikes:
    """Return ``value`` if it is spikes, what a module that adds up synapses needs."""
    if isinstance(value, Potential):
        raise ExportError(f"{name}: {type(module).__name__} must follow spikes; put an "
                          f"algo.neuron.TimeCoded between {value.name} and {name}")
    return value


def conv(name: str, module: nn.Conv2d, spikes: Spikes) -> Potential:
    """Return the potential of a conv."""
    if module.groups != 1 or module.padding_mode != "zeros" or isinstance(module.padding, str):
        raise ExportError(f"{name}: a conv must have groups=1 and zero padding given as a number")
    kernel = square(name, "kernel_size", module.kernel_size)
    stride = square(name, "stride", module.stride)
    padding = square(name, "padding", module.padding)
    if square(name, "dilation", module.dilation) != 1 or spikes.is_flat:
        raise ExportError(f"{name}: a conv must have dilation=1 and a map as its source")
    if spikes.averaged != (1, 1):
        raise ExportError(f"{name}: average pooling can be folded into a linear layer only; use "
                          "max pooling or a conv of stride 2")
    group = FloatGroup(source=spikes.source, kind="conv", weight=_weight(module), stride=stride,
                       padding=padding, scale_step=getattr(module, "scale_step", None))
    sides = ((side + 2 * padding - kernel) // stride + 1 for side in spikes.shape[1:])
    return Potential(name, (group,), _bias(module), Shape(module.out_channels, *sides))


def linear(name: str, module: nn.Linear, spikes: Spikes) -> Potential:
    """Return the potential of a linear layer."""
    if spikes.averaged_shape.size != module.in_features:
        shape = spikes.averaged_shape
        raise ExportError(f"{name}: in_features must be {shape.size} (the flattened map {shape}), "
                          f"not {module.in_features}")
    if not spikes.is_flat:
        raise ExportError(f"{name}: put a Flatten before a linear layer")
    weight, steps = _weight(module), getattr(module, "scale_step", None)
    if spikes.averaged != (1, 1):
        weight, steps = _spread(weight, spikes), None
    group = FloatGroup(source=spikes.source, kind="linear", weight=weight, scale_step=steps)
    return Potential(name, (group,), _bias(module), Shape(module.out_features, 1, 1),
                      is_flat=True)


def _spread(weight: Tensor, spikes: Spikes) -> Tensor:
    """Return linear weights on the map before average pooling."""
    rows, columns = spikes.averaged
    _, height, width = spikes.shape
    parts = weight.reshape(len(weight), *spikes.averaged_shape) / (rows * columns)
    parts = parts.repeat_interleave(rows, 2).repeat_interleave(columns, 3)
    left = (0, width - parts.shape[3], 0, height - parts.shape[2])
    return nn.functional.pad(parts, left).flatten(1)


def normalised(name: str, norm: nn.BatchNorm2d, value) -> Potential:
    """Return the potential after batch normalisation, folded."""
    if not isinstance(value, Potential) or len(value.groups) != 1 or value.pool != 1:
        raise ExportError(f"{name}: batch normalisation must follow one conv directly")
    if norm.running_var is None:
        raise ExportError(f"{name}: batch normalisation must track running statistics")
    weight, bias = fold_norm(value.groups[0].weight, value.bias, norm)
    return replace(value, groups=(replace(value.groups[0], weight=weight, scale_step=None),),
                   bias=bias)


def averaged(name: str, module: nn.Module, spikes: Spikes) -> Spikes:
    """Return spikes to be averaged by the linear layer that follows."""
    if isinstance(module, nn.AdaptiveAvgPool2d):
        if module.output_size not in (1, (1, 1)):
            raise ExportError(f"{name}: adaptive average pooling must have output size 1")
        window = (spikes.shape.height, spikes.shape.width)
    else:
        side = square(name, "kernel_size", module.kernel_size)
        window = (side, side)
        if (square(name, "stride", module.stride) != side or module.ceil_mode
                or square(name, "padding", module.padding) or module.divisor_override):
            raise ExportError(f"{name}: average pooling must have stride = kernel_size, no padding "
                              "and no ceil_mode")
    if spikes.averaged != (1, 1) or spikes.is_flat:
        raise ExportError(f"{name}: average pooling must come once, before the Flatten")
    return replace(spikes, averaged=window)


def added(node: fx.Node, inputs: list):
    """Return the sum of two potentials: the synapse groups of both."""
    if len(inputs) == 2 and all(isinstance(value, Potential) for value in inputs):
        first, second = inputs
        if first.shape == second.shape and first.pool == second.pool == 1:
            return replace(first, groups=first.groups + second.groups,
                           bias=first.bias + second.bias)
    raise ExportError(f"{node.name}: only the potentials of two convs or linear layers of the same "
                      "shape can be added; put a 1x1 conv on an identity skip path")


def flattened(value):
    """Return a flattened map."""
    if isinstance(value, Spikes):
        return replace(value, is_flat=True)
    if value.shape[1:] != (1, 1):
        raise ExportError(f"{value.name}: a map of potentials cannot be flattened; put an "
                          "algo.neuron.TimeCoded before the Flatten")
    return replace(value, is_flat=True)


def _weight(module: nn.Conv2d | nn.Linear) -> Tensor:
    return module.weight.detach()


def _bias(module: nn.Conv2d | nn.Linear) -> Tensor:
    if module.bias is None:
        return torch.zeros(len(module.weight))
    return module.bias.detach()


def square(name: str, key: str, value) -> int:
    """Return the one value of a module option that has one for each direction."""
    sides = {value} if isinstance(value, int) else set(value)
    if len(sides) != 1:
        raise ExportError(f"{name}: {key} must be the same in both directions, not {value}")
    return sides.pop()


def shrunk(shape: Shape, pool: int) -> Shape:
    """Return the shape of a map after pooling, its remainder dropped."""
    return Shape(shape.channels, shape.height // pool, shape.width // pool)
