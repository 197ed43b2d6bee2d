"""What the truncation of products takes away, on average, given back by the biases.

Hardware cuts the magnitude of each product off below 2^(−F), so potentials lie a little nearer to 0
than those of the training network, by as much as their neuron has spikes that meet weights of
either sign. The mean of that over images is known, and a bias can make it good at no cost. What is
left is its variation; in a deep network the integers agree with the training network
on more images for it.
"""

from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hw.network import INPUT, Layer, Network, Synapses, potential_bound
from hw.network.model import NO_EVENT

from .golden import infer_events

__all__ = ["KNOWN", "compensated", "mean_loss"]

# Training images that tell the mean well enough.
KNOWN = 100


def compensated(network: Network, images: np.ndarray) -> Network:
    """Return ``network`` with biases that give back the mean loss over ``images``, rounded.

    ``images`` is uint8 [N, C, H, W], N at least 1: ``KNOWN`` images of the training part, say.
    A bias goes only so far that no potential can overflow. Networks of leaky neurons are returned
    as they are. Raises ``ValueError`` if the images do not fit.
    """
    if network.neuron != "ttfs":
        return network
    layers = []
    for layer, loss in zip(network.layers, mean_loss(network, images), strict=True):
        room = (network.numbers.potential_max - potential_bound(network, layer)
                + np.abs(layer.bias.astype(np.int64)))
        bias = np.clip(layer.bias + np.rint(loss).astype(np.int64), -room, room)
        layers.append(replace(layer, bias=bias.astype(np.int32)))
    provenance = {**network.provenance, "truncation_images": len(images)}
    return replace(network, layers=tuple(layers), provenance=provenance)


def mean_loss(network: Network, images: np.ndarray) -> list[np.ndarray]:
    """Return the mean of Σ ±(2^(F − E/τ) − P(E)) for each layer of a ``ttfs`` network.

    float64 [out], over images and positions. The spikes are those of the integers.
    """
    trace = infer_events(network, images, trace=True).trace
    sources = {INPUT: images} | {name.removesuffix(".time"): times for name, times in trace.items()
                                 if name.endswith(".time")}
    return [_lost(network, layer, sources).numpy() for layer in network.layers]


def _lost(network: Network, layer: Layer, sources: dict[str, np.ndarray]) -> Tensor:
    """Return the mean loss of a layer, float64 [out]."""
    total = torch.zeros(layer.channels, dtype=torch.float64)
    for group in layer.synapses:
        for exponent, events in _mean_events(network, group.source, sources[group.source]):
            lost = _matrix(network, group, exponent)
            if group.kind == "linear":
                total += lost @ events.flatten()
            else:
                sums = F.conv2d(events[None], lost, stride=group.stride, padding=group.padding)
                total += sums.mean((0, 2, 3))
    return total


def _mean_events(network: Network, source: str, values: np.ndarray):
    """Yield each exponent and how often each neuron sends it, float64 [C, H, W]."""
    if source != INPUT:
        for step in range(network.numbers.window):
            yield step, torch.from_numpy((values == step).mean(0))
        return
    for exponent in np.unique(network.exponents[network.exponents != NO_EVENT]):
        counts = (network.exponents == exponent).sum(1)
        yield int(exponent), torch.from_numpy(counts[values].mean(0))


def _matrix(network: Network, group: Synapses, exponent: int) -> Tensor:
    """Return ±(2^(F − E/τ) − P(E)) of each weight, float64 of the shape of the weights."""
    numbers = network.numbers
    found = [0.0]
    for code in range(1, numbers.largest_code + 1):
        total = numbers.exponent(spike=exponent, weight=code, offset=group.offset)
        exact = 2.0 ** (numbers.product_bits - total / numbers.steps_per_octave)
        found.append(exact - numbers.product(total))
    codes = group.weight.astype(np.int64)
    return torch.from_numpy(np.array(found)[np.abs(codes)] * np.sign(codes))
