"""Random valid networks and images: the stimuli of every exactness test. numpy only.

The same seed always gives the same network and the same images.
"""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from hw.network import INPUT, Network, Shape, validate
from hw.network.model import NO_EVENT
from hw.numbers import NumberFormat
from tests.random_layers import pick, random_layer, source_shapes

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
    # Small and simple.
    "plain": Scope((1, 2, 3), (1,), (1, 2, 3), ("ttfs",), 2, (1, 2, 4, 8), (1, 32), (3, 6),
                       (4, 14), (12, 24)),
    # What a network file may hold.
    "format": Scope((1, 2, 3, 4, 5, 6, 7), (1, 2), (1, 2, 3), ("ttfs", "ttfs", "lif"), 3,
                    (1, 2, 4, 8, 16), (1, 60), (2, 8), (4, 20), (12, 32)),
}


@dataclass(frozen=True)
class Sizes:
    """How large random networks may be.

    Parameters
    ----------
    layers, channels, side
        Number of layers, of channels of a map, and side of a map.
    kernel
        Side of a kernel, by default that of the scope.
    steps
        Of ``lif`` networks.
    events
        Of a pixel.
    inputs
        Neurons of a map that a linear group reads; larger maps are pooled first.
    weights
        Of a synapse group. If given, maps have many channels, as far as this allows.
    """

    layers: int = 4
    channels: int = 20
    side: int = 8
    kernel: int | None = None
    steps: int = 5
    events: int = 8
    inputs: int = 1 << 30
    weights: int | None = None


def random_network(seed: int, *, numbers: NumberFormat | None = None, scope: str = "plain",
                   neuron: str | None = None, **most) -> Network:
    """Return the valid network number ``seed``.

    Parameters
    ----------
    numbers
        Number format, by default a random one.
    scope
        ``"plain"``: ``ttfs`` layers of one or two synapse groups, conv up to 3x3 of stride 1
        and linear, pooling 1 to 3. ``"format"``: all that a network file may hold, that is also
        kernels to 7, stride 2, more groups, ``lif``, and wider number formats.
    neuron
        ``"ttfs"`` or ``"lif"``, by default any that the scope has.
    most_layers, most_channels, …
        As in :class:`Sizes`.
    """
    sizes = Sizes(**{name.removeprefix("most_"): value for name, value in most.items()})
    rng, limits = np.random.default_rng([seed, 1]), SCOPES[scope]
    if sizes.kernel is not None:
        limits = replace(limits, kernels=tuple(range(1, sizes.kernel + 1)))
    numbers = numbers or _random_numbers(rng, limits)
    neuron = neuron or str(rng.choice(limits.neurons))
    name, exponents = _random_exponents(rng, numbers)
    network = Network(
        name=f"{scope}-{seed}", numbers=numbers, neuron=neuron, coding=name,
        exponents=exponents[:, :sizes.events],
        steps=int(rng.integers(1, sizes.steps + 1)) if neuron == "lif" else 1, layers=(),
        input_shape=Shape(int(rng.integers(1, 5)), *_integers(rng, 1, sizes.side, 2)))
    layers = int(rng.integers(1, sizes.layers + 1))
    while not network.layers or network.layers[-1].name != "scores":
        network = _with_layer(rng, network, limits, sizes, layers)
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


def _with_layer(rng, network: Network, limits: Scope, sizes: Sizes, layers: int) -> Network:
    """Append a layer: the output layer if it is time for it and the map before it is small."""
    latest = source_shapes(network)[_sources(network)[-1]]
    is_last, is_small = len(network.layers) + 1 >= layers, latest.size <= sizes.inputs
    shapes = _random_groups(rng, network, limits, sizes, is_last and is_small)
    channels = int(rng.integers(1, sizes.channels + 1))
    if sizes.weights is not None:
        fan_in = max(_fan_in(network, source, kind, kernel) for source, kind, kernel, *_ in shapes)
        channels = min(int(sizes.channels ** rng.uniform(0.6, 1)), max(1, sizes.weights // fan_in))
    pools = limits.pools if is_small or not is_last else limits.pools[-1:]
    layer = random_layer(rng, network, shapes, channels, pools, is_last and is_small)
    return replace(network, layers=(*network.layers, layer))


def _sources(network: Network) -> list[str]:
    return [INPUT, *(layer.name for layer in network.layers)]


def _fan_in(network: Network, source: str, kind: str, kernel: int) -> int:
    shape = source_shapes(network)[source]
    return shape.size if kind == "linear" else shape.channels * kernel ** 2


def _random_groups(rng, network: Network, limits: Scope, sizes: Sizes,
                   is_output: bool) -> list[tuple]:
    """Return (source, kind, kernel, stride, padding) of each synapse group of the next layer."""
    sources, spikes = _sources(network), source_shapes(network)
    latest = sources[-1]
    choices = {source: _geometries(spikes[source], limits, sizes) for source in sources}
    flat = (1, 1)
    wanted = {geometry for geometry, side in choices[latest] if not is_output or side == flat}
    kinds = sorted({geometry[0] for geometry in wanted})
    weights = [3.0 if kind == "conv" and not is_output else 1.0 for kind in kinds]
    kind = str(rng.choice(kinds, p=np.array(weights) / sum(weights)))
    geometry = pick(rng, sorted(g for g in wanted if g[0] == kind))
    side = dict(choices[latest])[geometry]
    groups = [(latest, *geometry)]
    for _ in range(int(rng.integers(0, limits.most_groups))):
        source = pick(rng, sources)
        matching = [geometry for geometry, other in choices[source] if other == side]
        if matching:
            groups.append((source, *pick(rng, matching)))
    return groups


def _geometries(source: Shape, limits: Scope, sizes: Sizes) -> list[tuple]:
    """Return each (kind, kernel, stride, padding) with the height and width that it yields."""
    found = [(("linear", 1, 1, 0), (1, 1))] if source.size <= sizes.inputs else []
    for kernel, stride in product(limits.kernels, limits.strides):
        for padding in range(kernel):
            sides = tuple((side + 2 * padding - kernel) // stride + 1 for side in source[1:])
            if min(sides) >= 1 and max(sides) <= sizes.side:
                found.append((("conv", kernel, stride, padding), sides))
    return found
