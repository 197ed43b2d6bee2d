"""A traced PyTorch module read as a chain of firing layers, still with float weights.

Each value of the graph is either *spikes* (the image, or what a layer fired) or a *potential* (sums
of convs and linear layers that have not fired yet). Whatever fits neither is refused by name.
"""

import operator
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, fx, nn

from hw.network import INPUT, Shape
from hw.numbers import NumberFormat

from .fold import fold_norm
from .neuron import Clip, TimeCoded
from .quantise import LogConv2d, LogLinear

__all__ = ["ExportError", "FloatGroup", "FloatLayer", "read_layers"]


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


@dataclass(eq=False, kw_only=True)
class FloatLayer:
    """A layer of a network with float weights and bias [out]; the last one is the output."""

    name: str
    groups: tuple[FloatGroup, ...]
    bias: Tensor
    pool: int = 1


@dataclass(frozen=True)
class _Spikes:
    source: str
    shape: Shape
    averaged: tuple[int, int] = (1, 1)
    is_flat: bool = False

    @property
    def averaged_shape(self) -> Shape:
        return Shape(self.shape.channels, self.shape.height // self.averaged[0],
                     self.shape.width // self.averaged[1])


@dataclass(frozen=True, eq=False)
class _Potential:
    name: str
    groups: tuple[FloatGroup, ...]
    bias: Tensor
    shape: Shape
    pool: int = 1
    is_flat: bool = False


class _Tracer(fx.Tracer):
    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return (isinstance(module, TimeCoded | Clip | LogConv2d | LogLinear)
                or super().is_leaf_module(module, name))


def read_layers(module: nn.Module, input_shape: Shape, numbers: NumberFormat) -> list[FloatLayer]:
    """Return the layers of ``module`` in order of evaluation.

    Raises :class:`ExportError` for what a network file cannot hold.
    """
    try:
        graph = _Tracer().trace(module)
    except Exception as error:                      # whatever a user's forward raises on proxies
        raise ExportError(f"module {type(module).__name__} cannot be traced by torch.fx "
                          f"({' '.join(str(error).split()):.120}); remove data-dependent control "
                          "flow from its forward") from None
    reader = _Reader(dict(module.named_modules()), Shape(*input_shape), numbers)
    for node in graph.nodes:
        reader.read(node)
    return reader.layers


@dataclass
class _Reader:
    """Walks the graph; ``values`` holds what each node stands for."""

    modules: dict[str, nn.Module]
    input_shape: Shape
    numbers: NumberFormat
    layers: list[FloatLayer] = field(default_factory=list)
    values: dict = field(default_factory=dict)

    def read(self, node: fx.Node) -> None:
        inputs = [self.values[arg] for arg in node.args if isinstance(arg, fx.Node)]
        if node.op == "placeholder":
            if self.values:
                raise ExportError(f"argument {node.name}: a network has one input")
            value = _Spikes(INPUT, self.input_shape)
        elif node.op == "output":
            value = self._finish(inputs)
        elif node.op == "call_module":
            value = self._module(node, self.modules[node.target], inputs[0])
        elif node.target in (operator.add, operator.iadd, torch.add, "add"):
            value = _added(node, inputs)
        elif node.target in (torch.flatten, "flatten"):
            if list(node.args[1:]) + list(node.kwargs.values()) != [1]:
                raise ExportError(f"{node.name}: flatten must start at dimension 1")
            value = _flattened(inputs[0])
        else:
            name = getattr(node.target, "__name__", node.target)
            raise ExportError(f"{node.name}: operation {name} cannot be expressed; use the module "
                              "of torch.nn, or firstspike's activation, instead")
        self.values[node] = value

    def _module(self, node: fx.Node, module: nn.Module, value):
        name = node.target
        match module:
            case nn.Dropout() | nn.Dropout2d() | nn.Identity():
                return value
            case nn.Flatten():
                if (module.start_dim, module.end_dim) != (1, -1):
                    raise ExportError(f"{name}: Flatten must flatten from dimension 1 to the last")
                return _flattened(value)
            case nn.Conv2d():
                return _conv(name, module, _as_spikes(name, module, value))
            case nn.Linear():
                return _linear(name, module, _as_spikes(name, module, value))
            case nn.BatchNorm2d():
                return _normalised(name, module, value)
            case TimeCoded():
                return self._fired(name, module, value)
            case nn.MaxPool2d():
                return self._pooled(node, module, value)
            case nn.AvgPool2d() | nn.AdaptiveAvgPool2d():
                return _averaged(name, module, _as_spikes(name, module, value))
        raise ExportError(f"{name}: {type(module).__name__} cannot be expressed; activations must "
                          "be algo.neuron.TimeCoded, other layers Conv2d, Linear, BatchNorm2d, "
                          "MaxPool2d, AvgPool2d before a classifier, Flatten, Dropout, Identity")

    def _fired(self, name: str, module: TimeCoded, value) -> _Spikes:
        if not isinstance(value, _Potential):
            raise ExportError(f"{name}: a neuron must follow a conv or linear layer, not another "
                              "neuron, pooling or the image")
        for key in ("steps_per_octave", "window", "threshold_offset"):
            found, wanted = getattr(module.numbers, key), getattr(self.numbers, key)
            if found != wanted:
                raise ExportError(f"{name}: {key} must be that of the network ({wanted}), "
                                  f"not {found}")
        self.layers.append(
            FloatLayer(name=value.name, groups=value.groups, bias=value.bias, pool=value.pool))
        return _Spikes(value.name, _shrunk(value.shape, value.pool), is_flat=value.is_flat)

    def _pooled(self, node: fx.Node, module: nn.MaxPool2d, value):
        side = _square(node.target, "kernel_size", module.kernel_size)
        if (_square(node.target, "stride", module.stride) != side or module.ceil_mode
                or _square(node.target, "padding", module.padding)
                or _square(node.target, "dilation", module.dilation) != 1):
            raise ExportError(f"{node.target}: max pooling must have stride = kernel_size, no "
                              "padding, no dilation, no ceil_mode")
        if isinstance(value, _Potential) and value.pool == 1:
            return replace(value, pool=side)                        # commutes with firing
        layer = next((layer for layer in self.layers if isinstance(value, _Spikes)
                      and layer.name == value.source and layer.pool == 1), None)
        if layer is None or value.is_flat or len(node.args[0].users) > 1:
            raise ExportError(f"{node.target}: max pooling must follow a neuron whose spikes go "
                              "nowhere else, once; move it or use a conv of stride 2")
        layer.pool = side
        return replace(value, shape=_shrunk(value.shape, side))

    def _finish(self, inputs: list) -> None:
        if len(inputs) != 1 or not isinstance(inputs[0], _Potential) or inputs[0].pool != 1:
            raise ExportError("the output must be the potentials of one conv or linear layer, "
                              "without activation or pooling after it")
        value = inputs[0]
        self.layers.append(FloatLayer(name=value.name, groups=value.groups, bias=value.bias))


def _as_spikes(name: str, module: nn.Module, value) -> _Spikes:
    if isinstance(value, _Potential):
        raise ExportError(f"{name}: {type(module).__name__} must follow spikes; put an "
                          f"algo.neuron.TimeCoded between {value.name} and {name}")
    return value


def _conv(name: str, module: nn.Conv2d, spikes: _Spikes) -> _Potential:
    if module.groups != 1 or module.padding_mode != "zeros" or isinstance(module.padding, str):
        raise ExportError(f"{name}: a conv must have groups=1 and zero padding given as a number")
    kernel = _square(name, "kernel_size", module.kernel_size)
    stride = _square(name, "stride", module.stride)
    padding = _square(name, "padding", module.padding)
    if _square(name, "dilation", module.dilation) != 1 or spikes.is_flat:
        raise ExportError(f"{name}: a conv must have dilation=1 and a map as its source")
    if spikes.averaged != (1, 1):
        raise ExportError(f"{name}: average pooling can be folded into a linear layer only; use "
                          "max pooling or a conv of stride 2")
    group = FloatGroup(source=spikes.source, kind="conv", weight=_weight(module), stride=stride,
                       padding=padding, scale_step=getattr(module, "scale_step", None))
    sides = ((side + 2 * padding - kernel) // stride + 1 for side in spikes.shape[1:])
    return _Potential(name, (group,), _bias(module), Shape(module.out_channels, *sides))


def _linear(name: str, module: nn.Linear, spikes: _Spikes) -> _Potential:
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
    return _Potential(name, (group,), _bias(module), Shape(module.out_features, 1, 1),
                      is_flat=True)


def _spread(weight: Tensor, spikes: _Spikes) -> Tensor:
    """Return linear weights on the map before average pooling."""
    rows, columns = spikes.averaged
    _, height, width = spikes.shape
    parts = weight.reshape(len(weight), *spikes.averaged_shape) / (rows * columns)
    parts = parts.repeat_interleave(rows, 2).repeat_interleave(columns, 3)
    left = (0, width - parts.shape[3], 0, height - parts.shape[2])
    return nn.functional.pad(parts, left).flatten(1)


def _normalised(name: str, norm: nn.BatchNorm2d, value) -> _Potential:
    if not isinstance(value, _Potential) or len(value.groups) != 1 or value.pool != 1:
        raise ExportError(f"{name}: batch normalisation must follow one conv directly")
    if norm.running_var is None:
        raise ExportError(f"{name}: batch normalisation must track running statistics")
    weight, bias = fold_norm(value.groups[0].weight, value.bias, norm)
    return replace(value, groups=(replace(value.groups[0], weight=weight, scale_step=None),),
                   bias=bias)


def _averaged(name: str, module: nn.Module, spikes: _Spikes) -> _Spikes:
    if isinstance(module, nn.AdaptiveAvgPool2d):
        if module.output_size not in (1, (1, 1)):
            raise ExportError(f"{name}: adaptive average pooling must have output size 1")
        window = (spikes.shape.height, spikes.shape.width)
    else:
        side = _square(name, "kernel_size", module.kernel_size)
        window = (side, side)
        if (_square(name, "stride", module.stride) != side or module.ceil_mode
                or _square(name, "padding", module.padding) or module.divisor_override):
            raise ExportError(f"{name}: average pooling must have stride = kernel_size, no padding "
                              "and no ceil_mode")
    if spikes.averaged != (1, 1) or spikes.is_flat:
        raise ExportError(f"{name}: average pooling must come once, before the Flatten")
    return replace(spikes, averaged=window)


def _added(node: fx.Node, inputs: list):
    if len(inputs) == 2 and all(isinstance(value, _Potential) for value in inputs):
        first, second = inputs
        if first.shape == second.shape and first.pool == second.pool == 1:
            return replace(first, groups=first.groups + second.groups,
                           bias=first.bias + second.bias)
    raise ExportError(f"{node.name}: only the potentials of two convs or linear layers of the same "
                      "shape can be added; put a 1x1 conv on an identity skip path")


def _flattened(value):
    if isinstance(value, _Spikes):
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


def _square(name: str, key: str, value) -> int:
    sides = {value} if isinstance(value, int) else set(value)
    if len(sides) != 1:
        raise ExportError(f"{name}: {key} must be the same in both directions, not {value}")
    return sides.pop()


def _shrunk(shape: Shape, pool: int) -> Shape:
    return Shape(shape.channels, shape.height // pool, shape.width // pool)
