"""The walk over the nodes of a NIR graph, which adds their modules one after the other."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from hw.network import INPUT

from ..neurons import Leaky
from .flat_graph import FlatNode
from .imported import Imported
from .layers import conv_module, linear_module, sides_behind
from .neurons import dynamics
from .pooling import PLAIN, Window, pooled_after, pooled_before, window_of
from .refusal import InterchangeError, refused_node
from .values import Value, added

__all__ = ["Reader"]

NEURONS, POOLS = ("IF", "LIF"), ("SumPool2d", "AvgPool2d")
# What may stand at the very end, where nothing fires.
LAST = (*NEURONS, "CubaLIF", "LI", "CubaLI", "I")


class Reader:
    """Reads nodes in order of evaluation into ``module``; ``values`` has what leaves each.

    Parameters
    ----------
    nodes
        All that will be read.
    sides
        Of the graph's input, [C, H, W] or [F].
    dt, drop_last
        As in :func:`algo.interchange.read_nir`.
    """

    def __init__(self, module: Imported, nodes: list[FlatNode], sides: tuple[int, ...], *,
                 dt: float, drop_last: bool):
        self.module, self.sides, self.dt, self.drop_last = module, sides, dt, drop_last
        self.nodes = {node.name: node for node in nodes}
        self.values: dict[str, Value] = {}
        self.has_fired = False

    def read(self, node: FlatNode) -> None:
        """Add the modules of a node whose sources were read."""
        if not node.sources:
            self.values[node.name] = self._image(node)
            return
        value = added(node, [self.values[source] for source in node.sources])
        readers: dict[str, Callable] = {
            "Input": self._passed, "Output": self._output, "Conv2d": self._conv,
            "Affine": self._linear, "Linear": self._linear, "Flatten": self._flatten,
            "Threshold": self._threshold, **dict.fromkeys(POOLS, self._pool),
            **dict.fromkeys(NEURONS, self._fire)}
        if self._ends(node):
            readers |= dict.fromkeys(LAST, self._last)
        if node.kind not in readers:
            raise refused_node(node.name, node.kind)
        try:
            self.values[node.name] = readers[node.kind](node, value)
        except InterchangeError:
            raise
        except (TypeError, ValueError, RuntimeError, IndexError) as error:
            reason = " ".join(str(error).split())
            raise InterchangeError(f"{node.name}: a {node.kind} must have numbers as its "
                                   f"parameters ({reason:.100})") from None

    def _ends(self, node: FlatNode) -> bool:
        """Whether only the output of the graph follows."""
        behind = [self.nodes[target] for target in node.targets]
        return all(other.kind == "Output" and self._ends(other) for other in behind)

    def _image(self, node: FlatNode) -> Value:
        call = INPUT
        if len(self.sides) == 1:
            call = self.module.add(f"{node.name}_flatten", nn.Flatten(), (INPUT,))
        return Value((call,), self.sides, of_image=True, is_spikes=True)

    def _passed(self, node: FlatNode, value: Value) -> Value:
        return value

    def _conv(self, node: FlatNode, value: Value) -> Value:
        self._check_spikes(node, value)
        conv, sides = conv_module(node), value.sides
        if not value.is_map or conv.in_channels != sides[0]:
            raise InterchangeError(f"{node.name}: its source must be a map of {conv.in_channels} "
                                   f"channels, not {'x'.join(map(str, sides))}")
        behind = sides_behind(conv, *sides[1:])
        if min(behind) < 1:
            raise InterchangeError(f"{node.name}: kernel must fit the map of {sides[1]}x"
                                   f"{sides[2]}, not be {conv.kernel_size[0]}")
        if value.is_pooled:
            unpooled = self._unpooled(node)
            conv = pooled_before(node.name, conv, value.window, unpooled.sides[1:])
        return self._call(node, conv, value, behind)

    def _unpooled(self, node: FlatNode) -> Value:
        """Return what the pooling before a node pools."""
        while node.kind not in POOLS:
            node = self.nodes[node.sources[0]]
        return self.values[node.sources[0]]

    def _linear(self, node: FlatNode, value: Value) -> Value:
        self._check_spikes(node, value)
        linear = linear_module(node, value.sides, value.window.worth)
        return self._call(node, linear, value, (linear.out_features,))

    def _call(self, node: FlatNode, layer: nn.Module, value: Value,
              sides: tuple[int, ...]) -> Value:
        name = self.module.add(node.name, layer, value.calls)
        if self.module.metadata:
            self.module.offsets[name] = self.module.metadata.offsets.get(node.name, 0)
        return Value((name,), sides, of_image=value.of_image)

    def _check_spikes(self, node: FlatNode, value: Value) -> None:
        if not value.is_spikes:
            raise InterchangeError(f"{node.name}: {node.kind} must follow the input or neurons; "
                                   f"put LIF or IF between {' + '.join(node.sources)} and it")
        if len(value.calls) > 1:
            raise InterchangeError(f"{node.name}: spikes ({', '.join(node.sources)}) cannot be "
                                   "added to each other; give each a conv or linear layer")

    def _flatten(self, node: FlatNode, value: Value) -> Value:
        first, last = int(node.node.start_dim), int(node.node.end_dim)
        if first not in (0, 1) or last not in (-1, len(value.sides) - 1):
            raise InterchangeError(f"{node.name}: Flatten must flatten all dimensions, not "
                                   f"{first} to {last}")
        if not value.is_map:
            return value
        flat = replace(value, sides=(value.size,))
        if not value.is_spikes and value.sides[1:] != (1, 1):
            return replace(flat, is_late=True)
        side, worth = value.window
        calls = value.calls
        if side > 1:
            calls = (self.module.add(f"{node.name}_pool", nn.AvgPool2d(side), calls),)
            flat = replace(flat, window=Window(1, worth * side ** 2))
        return replace(flat, calls=(self.module.add(node.name, nn.Flatten(), calls),))

    def _pool(self, node: FlatNode, value: Value) -> Value:
        window = window_of(node.name, node.kind, node.node)
        if not value.is_map or value.is_pooled or len(value.calls) > 1:
            raise InterchangeError(f"{node.name}: pooling must follow the input, neurons or a "
                                   "conv, once")
        sides = (value.sides[0], *(side // window.side for side in value.sides[1:]))
        if min(sides) < 1:
            raise InterchangeError(f"{node.name}: kernel_size must be at most the map's "
                                   f"{value.sides[1]}x{value.sides[2]}, not {window.side}")
        if value.is_spikes or window.side == 1:
            return replace(value, sides=sides, window=window)
        self._check_alone(node)
        conv = self.module.get_submodule(value.calls[0])
        self.module.set_submodule(value.calls[0], pooled_after(node.name, conv, window))
        return replace(value, sides=sides)

    def _check_alone(self, node: FlatNode) -> None:
        """Refuse what takes over a module before it unless nothing else reads that."""
        source = self.nodes[node.sources[0]]
        if source.targets != (node.name,):
            raise InterchangeError(f"{node.name}: what {source.name} returns must go to this "
                                   f"{node.kind} only, not to {', '.join(source.targets)}")

    def _threshold(self, node: FlatNode, value: Value) -> Value:
        level = np.asarray(node.node.threshold, np.float64)
        return self._any_spike(node, value, float(level.min()), float(level.max()))

    def _any_spike(self, node: FlatNode, value: Value, low: float, high: float) -> Value:
        """Return pooled spikes where any spike of a window is enough: max pooling."""
        pool = self.nodes[node.sources[0]]
        neurons = None if pool.kind not in POOLS else self.nodes[pool.sources[0]]
        if not (neurons and neurons.kind in NEURONS and 0 <= low <= high < value.window.worth):
            raise InterchangeError(f"{node.name}: a {node.kind} without a conv or linear layer "
                                   "before it must tell whether any neuron of a pooling window "
                                   "spikes, with a threshold between 0 and one spike")
        for part in (pool, node):
            self._check_alone(part)
        self.module.get_submodule(value.calls[0]).pool = value.window.side
        return replace(value, window=PLAIN)

    def _fire(self, node: FlatNode, value: Value) -> Value:
        found = dynamics(node.name, node.kind, node.node, value.size, self.dt)
        if value.is_spikes and value.is_pooled and found.leak == 0:
            return self._any_spike(node, value, found.threshold, found.threshold)
        if value.is_spikes:
            raise InterchangeError(f"{node.name}: neurons must follow a conv or linear layer, not "
                                   "the input, other neurons or their pooling")
        neurons = Leaky(self.module.steps, is_first=value.of_image)
        with torch.no_grad():
            neurons.threshold.fill_(found.threshold)
            neurons.leak.fill_(found.leak)
        call = self.module.add(node.name, neurons, value.calls)
        if value.is_late:
            call = self.module.add(f"{node.name}_flatten", nn.Flatten(), (call,))
        self.has_fired = True
        if found.leak > 0 and self.module.steps > 1:
            self.module.note_reset()
        return Value((call,), value.sides, is_spikes=True)

    def _last(self, node: FlatNode, value: Value) -> Value:
        if node.kind == "I":
            gains = np.asarray(node.node.r, np.float64)
            if not 0 < gains.min() == gains.max():
                raise InterchangeError(f"{node.name}: r of the last integrator must be positive "
                                       f"and the same for all classes, not {gains.min():.6g} to "
                                       f"{gains.max():.6g}")
        elif not self.drop_last:
            raise InterchangeError(
                f"{node.name}: the output must not fire or leak, its scores are sums over the "
                f"steps; to leave this {node.kind} out and read the classes off the sum of its "
                "inputs, give drop_last_neurons (--drop-last-neurons)")
        else:
            self.module.notes.append(f"{node.name} ({node.kind}) is left out: classes are read off "
                                     "the sum of its inputs")
        return value

    def _output(self, node: FlatNode, value: Value) -> Value:
        if node.targets:                                        # of a subgraph
            return value
        if value.is_spikes:
            raise InterchangeError(f"{node.name}: the output must be what a conv or linear layer "
                                   "returns, not spikes")
        if value.is_late or (value.is_map and value.sides[1:] != (1, 1)):
            raise InterchangeError(f"{node.name}: the output must be a vector of classes, not a "
                                   f"map of {'x'.join(map(str, value.sides))}")
        if len(value.calls) > 1:
            self.module.add(node.name, nn.Identity(), value.calls)
        return value
