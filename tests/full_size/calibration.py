"""Biases and thresholds that make a wanted part of a layer's neurons fire.

Works on the sums of a few images, layer by layer, as the golden model computes them.
"""

from dataclasses import replace

import numpy as np
import torch

from algo.golden import reference
from hw.network import Layer, Network
from hw.numbers import NumberFormat

__all__ = ["LEAK", "calibrated", "sums_of", "times_of"]

LEAK = 200
# The rates of a layer's channels are beta-distributed; the larger, the more alike they are.
LIKENESS = 4.0
# Potentials above this quantile of those that fire do so at step 0.
EARLIEST = 0.98


def sums_of(network: Network, layer: Layer, spikes: dict) -> np.ndarray:
    """Return Σ ±P + bias of the newest layer, int64 [N, C, H, W]; ``lif`` [N, steps, C, H, W]."""
    matrices = [reference._matrices(network, group, "cpu") for group in layer.synapses]
    with reference._exact(), torch.inference_mode():
        return reference._sums(network, layer, matrices, spikes).numpy()


def times_of(network: Network, layer: Layer, sums: np.ndarray) -> torch.Tensor:
    """Return the pooled spike times of a layer, uint8, from its sums."""
    potential = torch.from_numpy(np.ascontiguousarray(sums))
    if network.neuron == "lif":
        # The golden model takes the last layer for the output.
        network = replace(network, layers=(layer, replace(layer, name="next")))
        times = reference._integrate(network, layer, potential)[1]
    else:
        times = reference._fire(network.numbers, layer, potential)
    return reference._earliest(times, layer.pool)


def calibrated(network: Network, layer: Layer, sums: np.ndarray, *, rate: float, rng) -> Layer:
    """Return a layer of bias 0 with biases and thresholds for a mean firing rate."""
    if network.neuron == "lif":
        return _leaky(network, layer, sums, rate)
    return _first_spike(network.numbers, layer, sums, rate, rng)


def _first_spike(numbers: NumberFormat, layer: Layer, sums: np.ndarray, rate: float, rng) -> Layer:
    """Each channel has a rate of its own; the bias sets it, the threshold step spreads the times.

    Where many potentials are equal, one of the two nearest rates is drawn, so that the mean is met.
    """
    rates = rng.beta(LIKENESS * rate, LIKENESS * (1 - rate), layer.channels)
    bias, steps = np.zeros((2, layer.channels), np.int64)
    for channel, wanted in enumerate(rates):
        values = np.sort(sums[:, channel], axis=None)
        least = values[min(len(values) - 1, int(len(values) * (1 - wanted)))]
        at_least, above = (values >= least).mean(), (values > least).mean()
        least += rng.random() * (at_least - above) > wanted - above
        firing = values[values >= least]
        top = np.quantile(firing, EARLIEST) - least if len(firing) else 0
        steps[channel] = max(numbers.level(max(1, int(top))), numbers.window - 1)
        bias[channel] = numbers.firing_threshold(int(steps[channel]) - numbers.window + 1) - least
    return replace(layer, bias=bias.astype(np.int32), threshold_step=steps.astype(np.int16))


def _leaky(network: Network, layer: Layer, sums: np.ndarray, rate: float) -> Layer:
    """Half of a channel's neurons are driven up; the threshold sets the layer's rate per step."""
    bias = -np.median(np.moveaxis(sums, 2, 0).reshape(layer.channels, -1), axis=1).astype(np.int32)
    driven = sums + bias[:, None, None]
    pool, layer = layer.pool, replace(layer, bias=bias, leak=LEAK, pool=1)
    low, high = 1, max(2, int(driven.max()) * network.steps)
    while low < high:
        threshold = (low + high) // 2
        layer = replace(layer, threshold=threshold)
        if (times_of(network, layer, driven) == 0).float().mean() > rate:
            low = threshold + 1
        else:
            high = threshold
    return replace(layer, threshold=low, pool=pool)
