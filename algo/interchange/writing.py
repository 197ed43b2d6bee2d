"""Write a network of leaky neurons as a NIR graph of standard nodes.

Potentials count in 2^(−F). NIR has no max pooling: any spike of a window is an AvgPool2d, and
behind it an LIF that keeps nothing (tau = dt) and fires at less than one spike.
"""

from pathlib import Path

import numpy as np

from hw.network import INPUT, Layer, Network, Synapses

from .file import nir_package, save_graph
from .metadata import written_metadata
from .neurons import DEFAULT_DT, neuron_node
from .refusal import InterchangeError
from .weights import exact_floats, float_weights

__all__ = ["nir_graph", "write_nir"]


def write_nir(network: Network, path: Path, *, dt: float = DEFAULT_DT) -> None:
    """Write ``network`` as a .nir file, all or nothing; see :func:`nir_graph`."""
    save_graph(nir_graph(network, dt=dt), path)


def nir_graph(network: Network, *, dt: float = DEFAULT_DT):
    """Return ``network`` as a ``nir.NIRGraph``, in steps of ``dt`` seconds.

    The graph returns what the output layer adds in a step: scores are the sum over the steps. What
    NIR has no place for is in its metadata; with it, reading gives the same integers again.

    Raises :class:`InterchangeError` for time-coded networks, for convs on the neurons of linear
    layers (NIR cannot make a map of a vector), and for what float32 cannot hold exactly.
    """
    if network.neuron != "lif":
        raise InterchangeError(f"{network.name}: a time-coded network (ttfs) cannot be written, as "
                               "in NIR the time of a spike has no value; lif networks can")
    return _Writer(network, dt).graph()


class _Writer:
    """Collects nodes and edges; ``ends`` has the last nodes of each source of spikes."""

    def __init__(self, network: Network, dt: float):
        self.nir, self.network, self.dt = nir_package(), network, dt
        self.unit = 2.0 ** -network.numbers.product_bits
        self.nodes, self.edges, self.offsets = {}, [], {}
        self.own = {layer.name: layer.name.replace("/", ".") for layer in network.layers}
        self.ends: dict[str, str] = {}
        self.vectors: set[str] = set()

    def graph(self):
        network = self.network
        self.ends[INPUT] = self._add(INPUT, self.nir.Input(np.array(network.input_shape)))
        for layer in network.layers:
            sums = self._sums(layer)
            if network.is_output(layer):
                self._add("output", self.nir.Output(np.array([layer.channels])), *sums)
            else:
                self.ends[layer.name] = self._neurons(layer, sums)
        return self.nir.NIRGraph(self.nodes, self.edges,
                                 metadata=written_metadata(network, self.offsets))

    def _add(self, name: str, node, *sources: str, is_own: bool = False) -> str:
        """Add a node behind others; return its name, free and no layer's but ``is_own``."""
        while name in self.nodes or (name in self.own.values() and not is_own):
            name += "_"
        self.nodes[name] = node
        self.edges += [(source, name) for source in sources]
        return name

    def _sums(self, layer: Layer) -> list[str]:
        """Return the nodes whose sum neurons get: one for each group, a vector if one is linear."""
        is_vector = (self.network.is_output(layer)
                     or any(group.kind == "linear" for group in layer.synapses))
        if is_vector:
            self.vectors.add(layer.name)
        return [self._group(layer, index, is_vector) for index in range(len(layer.synapses))]

    def _group(self, layer: Layer, index: int, is_vector: bool) -> str:
        group, own = layer.synapses[index], self.own[layer.name]
        bias = exact_floats(f"layer {layer.name}: bias", layer.bias, self.unit)
        bias = bias if index == 0 else np.zeros_like(bias)
        weight = float_weights(group, self.network.numbers)
        if group.kind == "linear":
            node, source = self.nir.Affine(weight=weight, bias=bias), self._flat(group.source)
        else:
            node, source = self._conv(layer, group, weight, bias), self.ends[group.source]
        name = self._add(f"{own}_{index}" if index else own, node, source, is_own=index == 0)
        if group.offset:
            self.offsets[name] = group.offset
        if is_vector and group.kind == "conv":
            name = self._add(f"{name}_flatten", self._flatten((layer.channels, 1, 1)), name)
        return name

    def _conv(self, layer: Layer, group: Synapses, weight: np.ndarray, bias: np.ndarray):
        if group.source in self.vectors:
            raise InterchangeError(f"layer {layer.name}: a conv on the neurons of "
                                   f"{group.source}, a linear layer, cannot be written, as NIR "
                                   "makes no map of a vector")
        source = self.network.spike_shapes[group.source]
        return self.nir.Conv2d(input_shape=tuple(source[1:]), weight=weight, stride=group.stride,
                               padding=group.padding, dilation=1, groups=1, bias=bias)

    def _flat(self, source: str) -> str:
        """Return the node of a source as a vector, one Flatten for each."""
        if source in self.vectors:
            return self.ends[source]
        end = self.ends[source]
        known = next((after for before, after in self.edges if before == end
                      and isinstance(self.nodes[after], self.nir.Flatten)), None)
        shape = self.network.spike_shapes[source]
        return known or self._add(f"{end}_flatten", self._flatten(shape), end)

    def _flatten(self, shape: tuple[int, ...]):
        return self.nir.Flatten(input_type={"input": np.array(shape)}, start_dim=0, end_dim=-1)

    def _neurons(self, layer: Layer, sums: list[str]) -> str:
        own, shape = self.own[layer.name], tuple(self.network.neuron_shapes[layer.name])
        shape = shape[:1] if layer.name in self.vectors else shape
        threshold = exact_floats(f"layer {layer.name}: threshold",
                                 np.array([layer.threshold]), self.unit)
        name = self._add(f"{own}_neurons",
                         neuron_node(self.nir, float(threshold[0]), layer.leak, shape, self.dt),
                         *sums)
        return self._max_pool(layer, name) if layer.pool > 1 else name

    def _max_pool(self, layer: Layer, neurons: str) -> str:
        own, sides = self.own[layer.name], np.array([layer.pool, layer.pool])
        pool = self._add(f"{own}_pool", self.nir.AvgPool2d(kernel_size=sides, stride=sides,
                                                           padding=np.array([0, 0])), neurons)
        shape = tuple(self.network.spike_shapes[layer.name])
        any_spike = neuron_node(self.nir, 0.5 / layer.pool ** 2, 0, shape, self.dt)
        return self._add(f"{own}_any", any_spike, pool)
