"""Synaptic operations and spikes of a network on images, from exact integer inference."""

from dataclasses import dataclass

import numpy as np

from hw.network import INPUT, Layer, Network
from hw.network.model import NO_EVENT

from ..golden import check_images, infer_events
from ..golden.compiled import compiled
from ..golden.inference import Progress
from .fan_out import fan_out_of

__all__ = ["Operations", "count_operations", "events_of", "images_at_once"]

# Images are inferred so many at once, or fewer if their traces take more bytes.
MOST_AT_ONCE = 256
TRACE_BYTES = 256 << 20


@dataclass(frozen=True, eq=False)
class Operations:
    """What a network does with some images; all int64, ``lif`` summed over its steps.

    Parameters
    ----------
    scores
        [N, classes], as :class:`algo.golden.Inference` has them.
    operations
        Of each layer, [N, synapse groups]: additions of ±P to a potential (DESIGN section 7).
    neuron_spikes, map_spikes
        Of each layer that fires, [N]: neurons that fired, and spikes left after max pooling, which
        are those that the next layers see. Equal where a layer does not pool.
    input_events
        [N], entries of the input table that the pixels of an image have, at one step.
    """

    scores: np.ndarray
    operations: dict[str, np.ndarray]
    neuron_spikes: dict[str, np.ndarray]
    map_spikes: dict[str, np.ndarray]
    input_events: np.ndarray

    @property
    def predictions(self) -> np.ndarray:
        """int64 [N], the class of the highest score, the lowest index on ties."""
        return self.scores.argmax(axis=1)

    @property
    def total(self) -> np.ndarray:
        """int64 [N], synaptic operations of all layers."""
        return sum(groups.sum(axis=1) for groups in self.operations.values())


def count_operations(network: Network, images: np.ndarray, *, threads: int | None = None,
                     progress: Progress | None = None) -> Operations:
    """Return the synaptic operations and spikes of each image, equal to the counts of the RTL.

    Parameters
    ----------
    images
        uint8 [N, C, H, W], N ≥ 1; ``ValueError`` if not.
    threads
        As of :func:`algo.golden.infer_events`.
    progress
        Called after some of the images.
    """
    check_images(network, images)
    if not len(images):
        raise ValueError("images must be at least one, not none")
    fan_outs = {layer.name: [fan_out_of(group, network.spike_shapes[group.source])
                             for group in layer.synapses] for layer in network.layers}
    parts, size = [], images_at_once(network)
    for start in range(0, len(images), size):
        parts.append(_count(network, images[start:start + size], fan_outs, threads))
        if progress:
            progress(min(start + size, len(images)), len(images), "images")
    return Operations(*(_joined([getattr(part, name) for part in parts])
                        for name in Operations.__dataclass_fields__))


def images_at_once(network: Network) -> int:
    """Return of how many images traces may be in memory at once."""
    values = sum(shape.size for shape in network.neuron_shapes.values())
    return max(1, min(MOST_AT_ONCE, TRACE_BYTES // (5 * network.steps * values)))


def _joined(parts: list):
    if isinstance(parts[0], dict):
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    return np.concatenate(parts)


def _count(network: Network, images: np.ndarray, fan_outs: dict[str, list[np.ndarray]],
           threads: int | None) -> Operations:
    found = infer_events(network, images, trace=True, threads=threads)
    firing = [layer for layer in network.layers if not network.is_output(layer)]
    maps = {INPUT: images} | {layer.name: found.trace[f"{layer.name}.time"] for layer in firing}
    map_spikes = {layer.name: _sums(network, layer.name, maps) for layer in firing}
    operations = {
        layer.name: np.stack([_sums(network, group.source, maps, weights) for group, weights in
                              zip(layer.synapses, fan_outs[layer.name], strict=True)], axis=1)
        for layer in network.layers}
    neuron_spikes = {layer.name: map_spikes[layer.name] if layer.pool == 1 else _fired(
        network, layer, found.trace[f"{layer.name}.potential"]) for layer in firing}
    return Operations(found.scores, operations, neuron_spikes, map_spikes,
                      _sums(network, INPUT, maps) // network.steps)


def _sums(network: Network, source: str, maps: dict[str, np.ndarray],
          weights: np.ndarray | None = None) -> np.ndarray:
    """Return Σ events · ``weights`` [C, H, W] (by default 1) over a source and its steps, [N]."""
    values = maps[source]
    if weights is None:
        weights = np.ones(network.spike_shapes[source], np.int64)
    values = values.reshape(len(values), -1, weights.size)
    sums = _weighted_events(values, events_of(network, source), weights.reshape(-1))
    # The image is the same at each step of `lif`, and is sent again.
    return sums * network.steps if source == INPUT else sums


def events_of(network: Network, source: str) -> np.ndarray:
    """Return how many events each value of a map stands for, int64 [256]."""
    if source == INPUT:
        return (network.exponents != NO_EVENT).sum(axis=1, dtype=np.int64)
    silence = 1 if network.neuron == "lif" else network.numbers.silence
    return (np.arange(256) < silence).astype(np.int64)


@compiled
def _weighted_events(values, events_of, weights):
    """Return Σ events_of[value] · weight, int64 [N], of values uint8 [N, steps, places]."""
    sums = np.zeros(len(values), np.int64)
    for image in range(len(values)):
        for step in range(values.shape[1]):
            row, total = values[image, step], np.int64(0)
            for place in range(len(weights)):
                total += events_of[row[place]] * weights[place]
            sums[image] += total
    return sums


def _fired(network: Network, layer: Layer, potential: np.ndarray) -> np.ndarray:
    """Return how many neurons fired, over all steps, int64 [N]; before pooling."""
    fired = potential >= _least_potential(network, layer)
    return fired.reshape(len(fired), -1).sum(axis=1, dtype=np.int64)


def _least_potential(network: Network, layer: Layer) -> np.ndarray:
    """Return what a neuron must reach to fire (within its window), int64 [out, 1, 1] or [1]."""
    if network.neuron == "lif":
        return np.array([layer.threshold], np.int64)
    numbers = network.numbers
    # A threshold that no potential reaches need not be larger.
    most = numbers.level(numbers.potential_max) + 1
    steps = layer.threshold_step.astype(int) - numbers.window + 1
    least = [numbers.firing_threshold(min(int(step), most)) for step in steps]
    return np.array(least, np.int64)[:, None, None]
