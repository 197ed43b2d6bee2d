"""A traced PyTorch module read as a chain of firing layers, still with float weights."""

import operator
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, fx, nn

from hw.network import INPUT, Shape
from hw.numbers import NumberFormat

from .neuron import Clip, TimeCoded
from .quantise import LogConv2d, LogLinear
from .synapses import (
    ExportError,
    FloatGroup,
    Potential,
    Spikes,
    added,
    as_spikes,
    averaged,
    conv,
    flattened,
    linear,
    normalised,
    shrunk,
    square,
)

__all__ = ["FloatLayer", "read_layers"]


@dataclass(eq=False, kw_only=True)
class FloatLayer:
    """A layer of a network with float weights and bias [out]; the last one is the output."""

    name: str
    groups: tuple[FloatGroup, ...]
    bias: Tensor
    pool: int = 1


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
            value = Spikes(INPUT, self.input_shape)
        elif node.op == "output":
            value = self._finish(inputs)
        elif node.op == "call_module":
            value = self._module(node, self.modules[node.target], inputs[0])
        elif node.target in (operator.add, operator.iadd, torch.add, "add"):
            value = added(node, inputs)
        elif node.target in (torch.flatten, "flatten"):
            if list(node.args[1:]) + list(node.kwargs.values()) != [1]:
                raise ExportError(f"{node.name}: flatten must start at dimension 1")
            value = flattened(inputs[0])
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
                return flattened(value)
            case nn.Conv2d():
                return conv(name, module, as_spikes(name, module, value))
            case nn.Linear():
                return linear(name, module, as_spikes(name, module, value))
            case nn.BatchNorm2d():
                return normalised(name, module, value)
            case TimeCoded():
                return self._fired(name, module, value)
            case nn.MaxPool2d():
                return self._pooled(node, module, value)
            case nn.AvgPool2d() | nn.AdaptiveAvgPool2d():
                return averaged(name, module, as_spikes(name, module, value))
        raise ExportError(f"{name}: {type(module).__name__} cannot be expressed; activations must "
                          "be algo.neuron.TimeCoded, other layers Conv2d, Linear, BatchNorm2d, "
                          "MaxPool2d, AvgPool2d before a classifier, Flatten, Dropout, Identity")

    def _fired(self, name: str, module: TimeCoded, value) -> Spikes:
        if not isinstance(value, Potential):
            raise ExportError(f"{name}: a neuron must follow a conv or linear layer, not another "
                              "neuron, pooling or the image")
        for key in ("steps_per_octave", "window", "threshold_offset"):
            found, wanted = getattr(module.numbers, key), getattr(self.numbers, key)
            if found != wanted:
                raise ExportError(f"{name}: {key} must be that of the network ({wanted}), "
                                  f"not {found}")
        self.layers.append(
            FloatLayer(name=value.name, groups=value.groups, bias=value.bias, pool=value.pool))
        return Spikes(value.name, shrunk(value.shape, value.pool), is_flat=value.is_flat)

    def _pooled(self, node: fx.Node, module: nn.MaxPool2d, value):
        side = square(node.target, "kernel_size", module.kernel_size)
        if (square(node.target, "stride", module.stride) != side or module.ceil_mode
                or square(node.target, "padding", module.padding)
                or square(node.target, "dilation", module.dilation) != 1):
            raise ExportError(f"{node.target}: max pooling must have stride = kernel_size, no "
                              "padding, no dilation, no ceil_mode")
        if isinstance(value, Potential) and value.pool == 1:
            return replace(value, pool=side)                        # commutes with firing
        layer = next((layer for layer in self.layers if isinstance(value, Spikes)
                      and layer.name == value.source and layer.pool == 1), None)
        if layer is None or value.is_flat or len(node.args[0].users) > 1:
            raise ExportError(f"{node.target}: max pooling must follow a neuron whose spikes go "
                              "nowhere else, once; move it or use a conv of stride 2")
        layer.pool = side
        return replace(value, shape=shrunk(value.shape, side))

    def _finish(self, inputs: list) -> None:
        if len(inputs) != 1 or not isinstance(inputs[0], Potential) or inputs[0].pool != 1:
            raise ExportError("the output must be the potentials of one conv or linear layer, "
                              "without activation or pooling after it")
        value = inputs[0]
        self.layers.append(FloatLayer(name=value.name, groups=value.groups, bias=value.bias))
