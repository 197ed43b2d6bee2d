"""A PyTorch module read as a chain of firing layers, still with float weights."""

import math
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, fx, nn

from hw.network import INPUT, Shape
from hw.numbers import NumberFormat

from ..neurons import Leaky, TimeCoded
from .refusal import refused_call, refused_module
from .synapses import (
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
    pool_side,
    shrunk,
)
from .tracing import ADDITIONS, NORMS, TRANSPARENT, ExportError, traced

__all__ = ["FloatLayer", "read_layers"]


@dataclass(eq=False, kw_only=True)
class FloatLayer:
    """A layer of a network with float weights and bias [out]; the last one is the output.

    ``neurons`` names the module of its neurons, empty for the output. ``steps`` is N of leaky
    integrate-and-fire networks, 0 of time-coded ones; ``leaky`` the module of leaky neurons.
    """

    name: str
    groups: tuple[FloatGroup, ...]
    bias: Tensor
    pool: int = 1
    is_output: bool = False
    neurons: str = ""
    steps: int = 0
    leaky: Leaky | None = None


def read_layers(module: nn.Module, input_shape: Shape, numbers: NumberFormat) -> list[FloatLayer]:
    """Return the layers of ``module`` in order of evaluation.

    Raises :class:`ExportError` for what a network file cannot hold.
    """
    graph = traced(module)
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
    called: set[str] = field(default_factory=set)
    steps: int | None = None

    def read(self, node: fx.Node) -> None:
        inputs = [self.values[arg] for arg in node.args
                  if isinstance(arg, fx.Node) and arg in self.values]
        if node.op == "placeholder":
            value = self._image(node)
        elif node.op == "output":
            value = self._finish(node, inputs)
        elif node.op == "call_module":
            value = self._module(node, self.modules[node.target], inputs[0])
        elif node.target in ADDITIONS:
            value = added(node, inputs)
        elif node.target in (torch.flatten, "flatten"):
            if list(node.args[1:]) + list(node.kwargs.values()) != [1]:
                raise ExportError(f"{node.name}: flatten must start at dimension 1")
            value = flattened(inputs[0])
        else:
            raise refused_call(node)
        self.values[node] = value

    def _image(self, node: fx.Node) -> Spikes | None:
        if not self.values:
            return Spikes(INPUT, self.input_shape)
        if node.users:
            raise ExportError(f"argument {node.target}: a network has one input, the image; "
                              "leave other arguments out")
        return None

    def _module(self, node: fx.Node, module: nn.Module, value):
        name = node.target
        match module:
            case nn.Dropout() | nn.Dropout2d() | nn.Identity():
                return value
            case nn.Flatten():
                if (module.start_dim, module.end_dim) != (1, -1):
                    raise ExportError(f"{name}: Flatten must flatten from dimension 1 to the last")
                return flattened(value)
            case nn.Conv2d() | nn.Linear():
                if name in self.called:
                    raise ExportError(f"{name} is called more than once; give each call a module "
                                      "of its own")
                self.called.add(name)
                read = conv if isinstance(module, nn.Conv2d) else linear
                return read(name, module, as_spikes(name, module, value))
            case TimeCoded() | Leaky():
                return self._fired(name, module, value)
            case nn.MaxPool2d():
                return self._pooled(node, module, value)
            case nn.AvgPool2d() | nn.AdaptiveAvgPool2d():
                return averaged(name, module, as_spikes(name, module, value))
        if isinstance(module, NORMS):
            return normalised(name, module, value)
        raise refused_module(name, module)

    def _fired(self, name: str, module: TimeCoded | Leaky, value) -> Spikes:
        if not isinstance(value, Potential):
            raise ExportError(f"{name}: a neuron must follow a conv or linear layer, not another "
                              "neuron, pooling or the image")
        if isinstance(module, Leaky):
            return self._leaky(name, module, value)
        self._check_steps(name, 0)
        for key in ("steps_per_octave", "window", "threshold_offset"):
            found, wanted = getattr(module.numbers, key), getattr(self.numbers, key)
            if found != wanted:
                raise ExportError(f"{name}: {key} must be that of the network ({wanted}), "
                                  f"not {found}")
        self.layers.append(self._layer(value, neurons=name))
        return Spikes(value.name, shrunk(value.shape, value.pool), is_flat=value.is_flat)

    def _leaky(self, name: str, module: Leaky, value: Potential) -> Spikes:
        if value.pool > 1:
            raise ExportError(f"{name}: leaky neurons must fire before max pooling; put it behind "
                              "them, or into their pool")
        self._check_steps(name, module.steps)
        value = replace(value, pool=module.pool)
        self.layers.append(self._layer(value, neurons=name, leaky=module))
        return Spikes(value.name, shrunk(value.shape, value.pool), is_flat=value.is_flat)

    def _check_steps(self, name: str, steps: int) -> None:
        """Refuse neurons of different kinds, or of different steps (0: time-coded)."""
        if self.steps not in (None, steps):
            kinds = [f"leaky of {count} steps" if count else "time-coded"
                     for count in (self.steps, steps)]
            raise ExportError(f"{name}: all neurons of a network must be {kinds[0]}, as the first "
                              f"ones, not {kinds[1]}")
        self.steps = steps

    def _pooled(self, node: fx.Node, module: nn.MaxPool2d, value):
        side = pool_side(node.target, module)
        if isinstance(value, Potential) and value.pool == 1:
            return replace(value, pool=side)                        # commutes with firing
        layer = next((layer for layer in self.layers if isinstance(value, Spikes)
                      and layer.name == value.source and layer.pool == 1), None)
        if layer is None or value.is_flat or self._goes_elsewhere(node):
            raise ExportError(f"{node.target}: max pooling must follow a neuron whose spikes go "
                              "nowhere else, once; move it or use a conv of stride 2")
        layer.pool = side
        return replace(value, shape=shrunk(value.shape, side))

    def _goes_elsewhere(self, pool: fx.Node) -> bool:
        """Whether what is pooled is used without pooling too."""
        source = pool.args[0]
        while self._is_transparent(source):
            source = source.args[0]
        users, seen = [source], set()
        while users:
            node = users.pop()
            seen |= set(node.users)
            users += [user for user in node.users if self._is_transparent(user)]
        return any(user is not pool and not self._is_transparent(user) for user in seen)

    def _is_transparent(self, node: fx.Node) -> bool:
        return (node.op == "call_module"
                and isinstance(self.modules[node.target], TRANSPARENT))

    def _finish(self, node: fx.Node, inputs: list) -> None:
        value = inputs[0] if len(inputs) == 1 else None
        if not isinstance(value, Potential) or value.pool != 1:
            raise ExportError("the output must be the potentials of one conv or linear layer, "
                              "without activation or pooling after it")
        if value.shape[1:] != (1, 1):
            raise ExportError(f"{value.name}: the output must be a map of 1x1, not {value.shape}; "
                              "end with a Linear on the flattened map")
        self.layers.append(self._layer(value))

    def _layer(self, value: Potential, *, neurons: str = "",
               leaky: Leaky | None = None) -> FloatLayer:
        """Return the layer of a potential, with all its weights divided for average pooling.

        Without neurons it is the output. Scale steps remain known where the divisor is a whole
        number of them. The output may as well be multiplied: its scale is seen by nobody.
        """
        groups, bias, is_output = value.groups, value.bias, not neurons
        divisors = {group.divisor for group in groups}
        if is_output and len(divisors) == 1:
            groups = [replace(group, divisor=1) for group in groups]
            bias = bias * divisors.pop()
        groups = tuple(_divided(group, self.numbers) for group in groups)
        return FloatLayer(name=value.name, groups=groups, bias=bias, pool=value.pool,
                          is_output=is_output, neurons=neurons, steps=self.steps or 0, leaky=leaky)


def _divided(group: FloatGroup, numbers: NumberFormat) -> FloatGroup:
    shift = numbers.steps_per_octave * math.log2(group.divisor)
    known = group.scale_step
    if known is not None:
        known = known + int(shift) if shift.is_integer() else None
    return replace(group, weight=group.weight / group.divisor, divisor=1, shift=round(shift),
                   scale_step=known)
