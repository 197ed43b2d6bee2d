"""What modules of PyTorch are in a network: spikes and potentials, still with float weights.

Each value of a graph is either *spikes* (the image, or what a layer fired) or a *potential* (sums
of convs and linear layers that have not fired yet). Whatever fits neither is refused by name.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, fx, nn

from hw.network import Shape

from .fold import check_statistics, fold_norm
from .log_layers import LogConv2d, LogLinear
from .tracing import ExportError

__all__ = ["FloatGroup", "Potential", "Spikes", "added", "as_spikes", "averaged", "conv",
           "flattened", "is_frozen", "linear", "normalised", "pool_side", "shrunk", "square"]


@dataclass(frozen=True, eq=False, kw_only=True)
class FloatGroup:
    """Synapses from one source, float weights.

    Parameters
    ----------
    module
        Name of the conv or linear layer, ``None`` for an identity skip path.
    divisor
        By how much the weights are yet to be divided, for average pooling.
    shift
        What such a division added to the scale steps of the module.
    is_exact
        The weights are 0 and 1, and must stay so.
    scale_step, offset
        Of weights that are codes already, int64 [out]; else ``None`` and 0.
    """

    source: str
    kind: str
    weight: Tensor
    module: str | None = None
    stride: int = 1
    padding: int = 0
    divisor: int = 1
    shift: int = 0
    is_exact: bool = False
    scale_step: Tensor | None = None
    offset: int = 0


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
                          f"algo.neurons.TimeCoded between {value.name} and {name}")
    return value


def conv(name: str, module: nn.Conv2d, spikes: Spikes) -> Potential:
    """Return the potential of a conv."""
    if module.groups != 1:
        raise ExportError(f"{name}: a conv must have groups=1, not {module.groups}; "
                          "use a conv over all channels")
    if module.padding_mode != "zeros" or isinstance(module.padding, str):
        raise ExportError(f"{name}: a conv must have zero padding given as a number, "
                          f"not {module.padding_mode} padding of {module.padding!r}")
    kernel = square(name, "kernel_size", module.kernel_size)
    stride = square(name, "stride", module.stride)
    padding = square(name, "padding", module.padding)
    dilation = square(name, "dilation", module.dilation)
    if dilation != 1:
        raise ExportError(f"{name}: a conv must have dilation=1, not {dilation}; "
                          "use a larger kernel or stride 2")
    if spikes.is_flat:
        raise ExportError(f"{name}: a conv must have a map as its source; put it before the "
                          "Flatten, or use a Linear")
    if spikes.averaged != (1, 1):
        raise ExportError(f"{name}: average pooling can be folded into a linear layer only; use "
                          "max pooling or a conv of stride 2")
    if spikes.shape.channels != module.in_channels:
        raise ExportError(f"{name}: in_channels must be {spikes.shape.channels}, those of "
                          f"{spikes.source}, not {module.in_channels}")
    group = FloatGroup(source=spikes.source, kind="conv", stride=stride, padding=padding,
                       **_synapses(name, module))
    sides = ((side + 2 * padding - kernel) // stride + 1 for side in spikes.shape[1:])
    return Potential(name, (group,), _bias(module), Shape(module.out_channels, *sides))


def linear(name: str, module: nn.Linear, spikes: Spikes) -> Potential:
    """Return the potential of a linear layer."""
    if not spikes.is_flat:
        raise ExportError(f"{name}: put a Flatten before a linear layer")
    shape = spikes.averaged_shape
    if shape.size != module.in_features:
        raise ExportError(f"{name}: in_features must be {shape.size} (the flattened map {shape}), "
                          f"not {module.in_features}")
    group = FloatGroup(source=spikes.source, kind="linear", **_synapses(name, module))
    if spikes.averaged != (1, 1):
        rows, columns = spikes.averaged
        group = replace(group, weight=_spread(group.weight, spikes), divisor=rows * columns,
                        is_exact=False)
    return Potential(name, (group,), _bias(module), Shape(module.out_features, 1, 1),
                     is_flat=True)


def is_frozen(module: nn.Module) -> bool:
    """Whether a conv only moves spikes: its weights are 0 and 1, and are not trained.

    Such a conv keeps its weights where others become logarithmic.
    """
    weight = module.weight
    return not weight.requires_grad and bool(((weight == 0) | (weight == 1)).all())


def _synapses(name: str, module: nn.Conv2d | nn.Linear) -> dict:
    """Return the fields of a :class:`FloatGroup` that its module knows."""
    weight = module.weight.detach()
    if not weight.isfinite().all():
        raise ExportError(f"{name}: weights must be finite numbers; training has diverged")
    if isinstance(module, LogConv2d | LogLinear):
        return {"module": name, "weight": weight, "scale_step": module.scale_step,
                "offset": int(module.offset)}
    return {"module": name, "weight": weight, "is_exact": is_frozen(module)}


def _spread(weight: Tensor, spikes: Spikes) -> Tensor:
    """Return linear weights on the map before average pooling, yet to be divided."""
    rows, columns = spikes.averaged
    _, height, width = spikes.shape
    parts = weight.reshape(len(weight), *spikes.averaged_shape)
    parts = parts.repeat_interleave(rows, 2).repeat_interleave(columns, 3)
    left = (0, width - parts.shape[3], 0, height - parts.shape[2])
    return nn.functional.pad(parts, left).flatten(1)


def normalised(name: str, norm: nn.Module, value) -> Potential:
    """Return the potential after batch normalisation, folded."""
    if not isinstance(value, Potential) or len(value.groups) != 1 or value.pool != 1:
        raise ExportError(f"{name}: batch normalisation must follow one conv or linear layer "
                          "directly; move it there")
    check_statistics(name, norm)
    group = value.groups[0]
    weight, bias = fold_norm(group.weight, value.bias, norm)
    group = replace(group, weight=weight, scale_step=None, offset=0, is_exact=False)
    return replace(value, groups=(group,), bias=bias)


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
    """Return the sum of two potentials, or of a potential and spikes: synapse groups of both.

    Spikes that skip layers are one more group, a 1x1 conv (or linear) with the identity as weights.
    """
    if len(inputs) != 2 or node.kwargs.get("alpha", 1) != 1:
        raise ExportError(f"{node.name}: an addition must have two layers as its terms and no "
                          "factor; put constants into the bias of a conv")
    if all(isinstance(value, Spikes) for value in inputs):
        raise ExportError(f"{node.name}: the spikes of {inputs[0].source} and {inputs[1].source} "
                          "cannot be added to each other; add them to the result of a conv, "
                          "before its activation")
    first, second = sorted(inputs, key=lambda value: isinstance(value, Spikes))
    if isinstance(second, Spikes):
        second = _skipping(node, second, first)
    if not first.pool == second.pool == 1:
        raise ExportError(f"{node.name}: {first.name} and {second.name} must be added before "
                          "pooling")
    if first.shape != second.shape or first.is_flat != second.is_flat:
        raise ExportError(f"{node.name}: terms of an addition must have the same shape, not "
                          f"{first.shape} ({first.name}) and {second.shape} ({second.name}); "
                          "put a 1x1 conv on the skip path")
    return replace(first, groups=first.groups + second.groups, bias=first.bias + second.bias)


def _skipping(node: fx.Node, spikes: Spikes, potential: Potential) -> Potential:
    """Return the potential that is the spikes themselves."""
    if spikes.averaged != (1, 1):
        raise ExportError(f"{node.name}: averaged spikes of {spikes.source} cannot be added; put "
                          "a conv of stride 2 on the skip path")
    weight = torch.eye(spikes.shape.channels, device=potential.bias.device)
    is_vector = spikes.is_flat and spikes.shape[1:] == (1, 1)
    kind = "linear" if is_vector else "conv"
    group = FloatGroup(source=spikes.source, kind=kind, is_exact=True,
                       weight=weight if is_vector else weight[:, :, None, None])
    bias = torch.zeros_like(potential.bias[:1]).expand(len(weight))
    return Potential(spikes.source, (group,), bias, spikes.shape, is_flat=spikes.is_flat)


def flattened(value):
    """Return a flattened map."""
    if isinstance(value, Spikes):
        return replace(value, is_flat=True)
    if value.shape[1:] != (1, 1):
        raise ExportError(f"{value.name}: a map of potentials cannot be flattened; put an "
                          "algo.neurons.TimeCoded before the Flatten")
    return replace(value, is_flat=True)


def _bias(module: nn.Conv2d | nn.Linear) -> Tensor:
    """Return the bias, float64 [out]; of log weights what hardware makes of it."""
    if isinstance(module, LogConv2d | LogLinear):
        return module.exact_bias()
    if module.bias is None:
        return module.weight.detach().new_zeros(len(module.weight), dtype=torch.float64)
    return module.bias.detach().double()


def pool_side(name: str, pool: nn.MaxPool2d) -> int:
    """Return the side of the windows of max pooling; refuse what is not plain."""
    side = square(name, "kernel_size", pool.kernel_size)
    if (square(name, "stride", pool.stride) != side or pool.ceil_mode
            or square(name, "padding", pool.padding)
            or square(name, "dilation", pool.dilation) != 1):
        raise ExportError(f"{name}: max pooling must have stride = kernel_size, no "
                          "padding, no dilation, no ceil_mode")
    return side


def square(name: str, key: str, value) -> int:
    """Return the one value of a module option that has one for each direction."""
    sides = {value} if isinstance(value, int) else set(value)
    if len(sides) != 1:
        raise ExportError(f"{name}: {key} must be the same in both directions, not {value}")
    return sides.pop()


def shrunk(shape: Shape, pool: int) -> Shape:
    """Return the shape of a map after pooling, its remainder dropped."""
    return Shape(shape.channels, shape.height // pool, shape.width // pool)
