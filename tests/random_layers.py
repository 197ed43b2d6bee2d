"""Random layers: weights of any density, biases and thresholds that make them fire."""

import math
from dataclasses import replace

import numpy as np

from hw.network import INPUT, Layer, Network, Shape, Synapses, potential_bound
from hw.numbers import LEAK_ONE, NumberFormat

__all__ = ["pick", "random_layer", "source_shapes"]


def pick(rng, choices: list):
    """Return one of the choices."""
    return choices[int(rng.integers(len(choices)))]


def source_shapes(network: Network) -> dict[str, Shape]:
    """Return the map of spikes of each source; of a network still without layers the input's."""
    return network.spike_shapes if network.layers else {INPUT: network.input_shape}


def random_layer(rng, network: Network, groups: list[tuple], channels: int, pools: tuple[int, ...],
                 is_output: bool) -> Layer:
    """Return the next layer of a network.

    ``groups`` are (source, kind, kernel, stride, padding) of each synapse group, ``pools`` the
    sides of pooling windows to choose from, as far as they fit.
    """
    spikes, synapses = source_shapes(network), []
    for source, kind, kernel, stride, padding in groups:
        fan_in = ((spikes[source].channels, kernel, kernel) if kind == "conv"
                  else (spikes[source].size,))
        synapses.append(Synapses(
            source=source, kind=kind, stride=stride, padding=padding,
            weight=_random_codes(rng, network.numbers, (channels, *fan_in)),
            offset=int(rng.integers(1, 12)) if rng.random() < 0.25 else 0))
    neurons = synapses[0].output_shape(spikes[synapses[0].source])
    pools = [pool for pool in pools if pool <= min(neurons.height, neurons.width)]
    layer = Layer(
        name="scores" if is_output else f"layer{len(network.layers) + 1}",
        synapses=tuple(synapses), bias=np.zeros(channels, np.int32),
        pool=1 if is_output else pick(rng, pools or [1]))
    scale = _typical_potential(network, layer)
    bias = np.round(scale * rng.normal(0.3, 0.8, channels)).clip(-2**30, 2**30)
    layer = replace(layer, bias=bias.astype(np.int32))
    if not is_output and network.neuron == "ttfs":
        layer = replace(layer, threshold_step=_random_threshold_steps(rng, network.numbers, scale))
    elif not is_output:
        layer = replace(layer, threshold=max(1, int(scale.mean() * rng.uniform(0.2, 3))),
                        leak=pick(rng, [0, LEAK_ONE, int(rng.integers(0, LEAK_ONE + 1))]))
    return _with_extreme_biases(rng, network, _without_overflow(rng, network, layer))


def _random_codes(rng, numbers: NumberFormat, shape: tuple[int, ...]) -> np.ndarray:
    """Return weight codes of any density, some with empty input or output channels."""
    density = float(pick(rng, [0.0, 1.0, *[float(rng.random()) ** 1.5] * 14]))
    magnitude = 1 + np.minimum(rng.integers(0, numbers.largest_code, shape),
                               rng.integers(0, numbers.largest_code, shape))
    codes = magnitude * rng.choice([-1, 1], shape, p=[0.4, 0.6])
    codes[rng.random(shape) >= density] = 0
    if rng.random() < 0.3:
        codes[:, rng.random(shape[1]) < rng.random()] = 0
    if rng.random() < 0.3:
        codes[rng.random(shape[0]) < rng.random()] = 0
    return codes.astype(np.int8)


def _typical_potential(network: Network, layer: Layer) -> np.ndarray:
    """Return a rough standard deviation of each channel's potential, float [out]."""
    numbers = network.numbers
    variance = np.zeros(layer.channels)
    for group in layer.synapses:
        spikes = range(0, min(numbers.window, 16), 2) if network.neuron == "ttfs" else (0,)
        square = [0.0] + [
            np.mean([numbers.product(numbers.exponent(spike=e, weight=code, offset=group.offset))
                     ** 2 for e in spikes]) for code in range(1, numbers.largest_code + 1)]
        codes = np.abs(group.weight.astype(int)).reshape(layer.channels, -1)
        variance += 0.4 * np.array(square)[codes].sum(axis=1)
    return np.sqrt(variance) + 2.0 ** (numbers.product_bits - 6)


def _random_threshold_steps(rng, numbers: NumberFormat, scale: np.ndarray) -> np.ndarray:
    """Return threshold steps that mostly spread the spikes over the window."""
    level = np.array([numbers.level(max(1, math.ceil(value))) for value in scale])
    steps = level + rng.integers(0, numbers.window // 2 + 2, len(level))
    if rng.random() < 0.1:
        steps = np.full(len(level), pick(rng, [-(1 << 15), -1, 0, 1, 255, (1 << 15) - 1]))
    return steps.astype(np.int16)


def _without_overflow(rng, network: Network, layer: Layer) -> Layer:
    """Thin out weights and halve biases of the channels that could overflow."""
    while True:
        whole = replace(network, layers=(*network.layers, layer))
        over = potential_bound(whole, layer) > network.numbers.potential_max
        if not over.any():
            return layer
        synapses = []
        for group in layer.synapses:
            drop = rng.random(group.weight.shape) < 0.3
            drop &= over.reshape(-1, *[1] * (group.weight.ndim - 1))
            synapses.append(replace(group, weight=np.where(drop, np.int8(0), group.weight)))
        layer = replace(layer, synapses=tuple(synapses),
                        bias=np.where(over, layer.bias // 2, layer.bias).astype(np.int32))


def _with_extreme_biases(rng, network: Network, layer: Layer) -> Layer:
    """Sometimes raise biases to the very bound: some or all neurons fire at once or never."""
    if network.neuron == "lif" or rng.random() < 0.8:
        return layer
    free = replace(layer, bias=np.zeros_like(layer.bias))
    whole = replace(network, layers=(*network.layers, free))
    room = network.numbers.potential_max - potential_bound(whole, free)
    sign = pick(rng, [1, -1, rng.choice([-1, 1], layer.channels)])
    chosen = rng.random(layer.channels) < pick(rng, [0.2, 1.0])
    return replace(layer, bias=np.where(chosen, sign * room, layer.bias).astype(np.int32))
