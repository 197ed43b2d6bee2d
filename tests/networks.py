"""Random valid networks and images: the stimuli of every exactness test. numpy only.

The same seed always gives the same network and the same images.
"""

import math
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from hw.network import INPUT, Layer, Network, Shape, Synapses, potential_bound, validate
from hw.network.model import NO_EVENT
from hw.numbers import LEAK_ONE, NumberFormat

__all__ = ["random_images", "random_network"]


@dataclass(frozen=True)
class Scope:
    """What random networks may contain."""

    kernels: tuple[int, ...]
    strides: tuple[int, ...]
    pools: tuple[int, ...]
    neurons: tuple[str, ...]
    most_groups: int
    taus: tuple[int, ...]
    windows: tuple[int, int]
    weight_bits: tuple[int, int]
    product_bits: tuple[int, int]
    potential_bits: tuple[int, int]


SCOPES = {
    # What the processor runs.
    "processor": Scope((1, 2, 3), (1,), (1, 2, 3), ("ttfs",), 2, (1, 2, 4, 8), (1, 32), (3, 6),
                       (4, 14), (12, 24)),
    # What a network file may hold.
    "format": Scope((1, 2, 3, 4, 5, 6, 7), (1, 2), (1, 2, 3), ("ttfs", "ttfs", "lif"), 3,
                    (1, 2, 4, 8, 16), (1, 60), (2, 8), (4, 20), (12, 32)),
}


def random_network(seed: int, *, numbers: NumberFormat | None = None, scope: str = "processor",
                   neuron: str | None = None, most_kernel: int | None = None, most_layers: int = 4,
                   most_channels: int = 20, most_side: int = 8) -> Network:
    """Return the valid network number ``seed``.

    Parameters
    ----------
    numbers
        Number format, by default a random one.
    scope
        ``"processor"``: ``ttfs`` layers of one or two synapse groups, conv up to 3x3 of stride 1
        and linear, pooling 1 to 3. ``"format"``: also kernels to 7, stride 2, more groups,
        ``lif``, and wider number formats.
    neuron
        ``"ttfs"`` or ``"lif"``, by default any that the scope has.
    most_kernel, most_layers, most_channels, most_side
        Largest side of a kernel (by default that of the scope), number of layers, of channels of
        a map, and side of a map.
    """
    rng, limits = np.random.default_rng([seed, 1]), SCOPES[scope]
    if most_kernel is not None:
        limits = replace(limits, kernels=tuple(range(1, most_kernel + 1)))
    numbers = numbers or _random_numbers(rng, limits)
    neuron = neuron or str(rng.choice(limits.neurons))
    name, exponents = _random_exponents(rng, numbers)
    network = Network(
        name=f"{scope}-{seed}", numbers=numbers, neuron=neuron, coding=name, exponents=exponents,
        steps=int(rng.integers(1, 6)) if neuron == "lif" else 1, layers=(),
        input_shape=Shape(int(rng.integers(1, 5)), *_integers(rng, 1, most_side, 2)))
    layers = int(rng.integers(1, most_layers + 1))
    for index in range(layers):
        is_output = index + 1 == layers
        shapes = _random_groups(rng, network, limits, most_side, is_output)
        channels = int(rng.integers(1, most_channels + 1))
        layer = _random_layer(rng, network, limits, shapes, index, channels, is_output)
        network = replace(network, layers=(*network.layers, layer))
    validate(network)
    return network


def random_images(seed: int, network: Network, count: int) -> np.ndarray:
    """Return ``count`` uint8 images [count, C, H, W]: random, sparse, all 0, all 255, mixed."""
    rng, images = np.random.default_rng([seed, 2]), []
    shape = tuple(network.input_shape)
    for index in range(count):
        noise = rng.integers(0, 256, shape)
        kind = index if index < 2 else int(rng.integers(6))
        keep = rng.random(shape) < rng.random()
        images.append({0: noise, 1: noise * keep, 2: 0 * noise, 3: 255 + 0 * noise,
                       4: np.where(keep, 255, noise), 5: np.where(keep, 0, 255)}[kind])
    return np.array(images, dtype=np.uint8).reshape(count, *shape)


def _integers(rng, low: int, high: int, count: int) -> list[int]:
    return [int(value) for value in rng.integers(low, high + 1, count)]


def _random_numbers(rng, limits: Scope) -> NumberFormat:
    tau = int(rng.choice(limits.taus))
    product_bits = int(rng.integers(limits.product_bits[0], limits.product_bits[1] + 1))
    least = max(limits.potential_bits[0], product_bits + 6)
    return NumberFormat(
        steps_per_octave=tau,
        window=int(rng.integers(limits.windows[0], limits.windows[1] + 1)),
        threshold_offset=float(rng.choice([0, 0.5])),
        weight_bits=int(rng.integers(limits.weight_bits[0], limits.weight_bits[1] + 1)),
        weight_steps_per_octave=int(rng.choice([rho for rho in (1, 2, 4, 8, 16) if rho <= tau])),
        product_bits=product_bits,
        potential_bits=int(rng.integers(least, limits.potential_bits[1] + 1)))


def _random_exponents(rng, numbers: NumberFormat) -> tuple[str, np.ndarray]:
    """Return name and content of a random input table."""
    kind = str(rng.choice(["time", "bits", "random", "repeated"]))
    pixels = np.arange(256)
    tau = numbers.steps_per_octave
    if kind == "time":
        step = np.round(-tau * np.log2(np.maximum(pixels, 1) / 255)).astype(int)
        table = np.where((pixels > 0) & (step < min(numbers.window, 128)), step, NO_EVENT)[:, None]
    elif kind == "bits":
        exponent = np.arange(1, 9) * tau
        is_one = (pixels[:, None] >> np.arange(7, -1, -1)) & 1
        table = np.where(is_one & (exponent < 128), exponent, NO_EVENT)
    else:
        events = int(rng.integers(1, 9))
        span = int(rng.choice([4, 32, 128])) if kind == "random" else 2
        table = rng.integers(0, span, (256, events))
        table[rng.random(table.shape) < rng.random()] = NO_EVENT
    return kind, table.astype(np.uint8)


def _random_groups(rng, network: Network, limits: Scope, most_side: int,
                   is_output: bool) -> list[tuple]:
    """Return (source, kind, kernel, stride, padding) of each synapse group of the next layer."""
    sources = [INPUT, *(layer.name for layer in network.layers)]
    spikes = network.spike_shapes if network.layers else {INPUT: network.input_shape}
    latest = sources[-1]
    choices = {source: _geometries(spikes[source], limits, most_side) for source in sources}
    flat = (1, 1)
    wanted = {geometry for geometry, side in choices[latest] if not is_output or side == flat}
    kinds = sorted({geometry[0] for geometry in wanted})
    weights = [3.0 if kind == "conv" and not is_output else 1.0 for kind in kinds]
    kind = str(rng.choice(kinds, p=np.array(weights) / sum(weights)))
    geometry = _pick(rng, sorted(g for g in wanted if g[0] == kind))
    side = dict(choices[latest])[geometry]
    groups = [(latest, *geometry)]
    for _ in range(int(rng.integers(0, limits.most_groups))):
        source = _pick(rng, sources)
        matching = [geometry for geometry, other in choices[source] if other == side]
        if matching:
            groups.append((source, *_pick(rng, matching)))
    return groups


def _geometries(source: Shape, limits: Scope, most_side: int) -> list[tuple]:
    """Return each (kind, kernel, stride, padding) with the height and width that it yields."""
    found = [(("linear", 1, 1, 0), (1, 1))]
    for kernel, stride in product(limits.kernels, limits.strides):
        for padding in range(kernel):
            sides = tuple((side + 2 * padding - kernel) // stride + 1 for side in source[1:])
            if min(sides) >= 1 and max(sides) <= most_side:
                found.append((("conv", kernel, stride, padding), sides))
    return found


def _pick(rng, choices: list):
    return choices[int(rng.integers(len(choices)))]


def _random_layer(rng, network: Network, limits: Scope, groups: list[tuple], index: int,
                  channels: int, is_output: bool) -> Layer:
    spikes = network.spike_shapes if network.layers else {INPUT: network.input_shape}
    synapses = []
    for source, kind, kernel, stride, padding in groups:
        fan_in = ((spikes[source].channels, kernel, kernel) if kind == "conv"
                  else (spikes[source].size,))
        synapses.append(Synapses(
            source=source, kind=kind, stride=stride, padding=padding,
            weight=_random_codes(rng, network.numbers, (channels, *fan_in)),
            offset=int(rng.integers(1, 12)) if rng.random() < 0.25 else 0))
    neurons = synapses[0].output_shape(spikes[synapses[0].source])
    pools = [pool for pool in limits.pools if pool <= min(neurons.height, neurons.width)]
    layer = Layer(name="scores" if is_output else f"layer{index + 1}", synapses=tuple(synapses),
                  bias=np.zeros(channels, np.int32), pool=1 if is_output else _pick(rng, pools))
    scale = _typical_potential(network, layer)
    bias = np.round(scale * rng.normal(0.3, 0.8, channels)).clip(-2**30, 2**30)
    layer = replace(layer, bias=bias.astype(np.int32))
    if not is_output and network.neuron == "ttfs":
        layer = replace(layer, threshold_step=_random_threshold_steps(rng, network.numbers, scale))
    elif not is_output:
        layer = replace(layer, threshold=max(1, int(scale.mean() * rng.uniform(0.2, 3))),
                        leak=_pick(rng, [0, LEAK_ONE, int(rng.integers(0, LEAK_ONE + 1))]))
    return _with_extreme_biases(rng, network, _without_overflow(rng, network, layer))


def _random_codes(rng, numbers: NumberFormat, shape: tuple[int, ...]) -> np.ndarray:
    """Return weight codes of any density, some with empty input or output channels."""
    density = float(_pick(rng, [0.0, 1.0, *[float(rng.random()) ** 1.5] * 14]))
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
        steps = np.full(len(level), _pick(rng, [-(1 << 15), -1, 0, 1, 255, (1 << 15) - 1]))
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
    sign = _pick(rng, [1, -1, rng.choice([-1, 1], layer.channels)])
    chosen = rng.random(layer.channels) < _pick(rng, [0.2, 1.0])
    return replace(layer, bias=np.where(chosen, sign * room, layer.bias).astype(np.int32))
