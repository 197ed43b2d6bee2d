"""A network of spiking layers as plain data: integers and shapes, no behaviour."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..numbers import NumberFormat

__all__ = ["INPUT", "NO_EVENT", "Layer", "Network", "NetworkError", "Shape", "Synapses"]

# Name by which a synapse group refers to the image.
INPUT = "input"
# Entry of the input table that stands for no event.
NO_EVENT = 255


class NetworkError(ValueError):
    """A network breaks a rule; the message is one line that names layer, field and value."""


class Shape(NamedTuple):
    """Shape of a map: channels, height, width."""

    channels: int
    height: int
    width: int

    @property
    def size(self) -> int:
        return self.channels * self.height * self.width

    def __str__(self):
        return "x".join(map(str, self))


@dataclass(frozen=True, kw_only=True, eq=False)
class Synapses:
    """One synapse group of a layer: the weights from one source.

    Parameters
    ----------
    source
        ``"input"`` or the name of an earlier layer.
    kind
        ``"conv"`` (cross-correlation, as in PyTorch) or ``"linear"`` (on the source map flattened
        in channel, row, column order).
    weight
        int8 [out, in, K, K] (conv) or [out, in] (linear); 0, or sign · (q + 1) for ±2^(−q/ρ).
    stride, padding
        Of a conv, in both directions. Padding is silence.
    offset
        Constant added to the exponent of each product, 0 … 63.
    """

    source: str
    kind: str
    weight: np.ndarray
    stride: int = 1
    padding: int = 0
    offset: int = 0

    @property
    def kernel(self) -> int:
        """Side of the kernel, 1 for ``linear``."""
        return self.weight.shape[-1] if self.kind == "conv" else 1

    def output_shape(self, source: Shape) -> Shape:
        """Return the shape of the map that these synapses yield from a source map."""
        if self.kind == "linear":
            return Shape(len(self.weight), 1, 1)
        height, width = (
            (side + 2 * self.padding - self.kernel) // self.stride + 1 for side in source[1:])
        return Shape(len(self.weight), height, width)


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """Neurons that add up one or more synapse groups, fire, and optionally max-pool.

    Parameters
    ----------
    name
        Unique in its network.
    synapses
        At least one group; all yield the same map.
    bias
        int32 [out], in units of 2^(−F).
    pool
        Side and stride of the max-pooling windows, 1 for none.
    threshold_step
        int16 [out], time-to-first-spike layers that fire; else ``None``.
    threshold, leak
        Leaky integrate-and-fire layers that fire; else ``None``. ``leak`` is in 1/256.
    """

    name: str
    synapses: tuple[Synapses, ...]
    bias: np.ndarray
    pool: int = 1
    threshold_step: np.ndarray | None = None
    threshold: int | None = None
    leak: int | None = None

    @property
    def channels(self) -> int:
        return len(self.bias)


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """A network file in memory.

    Parameters
    ----------
    numbers
        Number format of everything below.
    input_shape
        Shape of the uint8 images.
    exponents
        Input table, uint8 [256, m]: a pixel of value p is one event for each entry of row p that
        is not 255.
    layers
        In order of evaluation; the last one is the output.
    neuron
        ``"ttfs"`` (time to first spike) or ``"lif"`` (leaky integrate-and-fire).
    steps
        N, steps of a ``lif`` network; 1 for ``ttfs``.
    coding
        Name of the input table, for readers only.
    classes
        Names of the classes, or empty.
    provenance
        Where the network comes from; any JSON object.
    """

    name: str
    numbers: NumberFormat
    input_shape: Shape
    exponents: np.ndarray
    layers: tuple[Layer, ...]
    neuron: str = "ttfs"
    steps: int = 1
    coding: str = "custom"
    classes: tuple[str, ...] = ()
    provenance: dict = field(default_factory=dict)

    @cached_property
    def neuron_shapes(self) -> dict[str, Shape]:
        """Shape of each layer's map of neurons, before pooling."""
        return {name: neurons for name, (neurons, _) in self._shapes.items()}

    @cached_property
    def spike_shapes(self) -> dict[str, Shape]:
        """Shape of the map of spikes that each source offers: ``"input"``, then each layer's."""
        pooled = {name: spikes for name, (_, spikes) in self._shapes.items()}
        return {INPUT: self.input_shape, **pooled}

    @cached_property
    def _shapes(self) -> dict[str, tuple[Shape, Shape]]:
        spikes, shapes = {INPUT: self.input_shape}, {}
        for layer in self.layers:
            group = layer.synapses[0]
            neurons = group.output_shape(spikes[group.source])
            pooled = Shape(
                neurons.channels, neurons.height // layer.pool, neurons.width // layer.pool)
            spikes[layer.name] = pooled
            shapes[layer.name] = neurons, pooled
        return shapes

    def is_output(self, layer: Layer) -> bool:
        return layer is self.layers[-1]
