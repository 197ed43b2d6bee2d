"""Networks of real shape with random weights and realistic firing rates: VGG-16 and ResNets.

For measuring the processor without a trained network. The same arguments give the same network.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import torch

from algo.coding import input_table
from hw.network import INPUT, Layer, Network, Shape, Synapses, validate
from hw.numbers import NumberFormat
from tests.full_size.calibration import calibrated, sums_of, times_of
from tests.full_size.images import smooth_images
from tests.full_size.masks import balanced_mask, random_codes, random_mask

__all__ = ["RATES", "resnet18", "resnet20", "vgg16"]

IMAGE = Shape(3, 32, 32)
# Part of the neurons that fire (``lif``: per step), before pooling.
RATES = {"ttfs": 0.3, "lif": 0.2}
# Seed and number of the images that rates are set on.
CALIBRATION = (1000, 8)
VGG16 = ((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3)
# Octave by which the other groups are smaller than an identity, in steps.
OFFSET_OCTAVES = 1


def vgg16(density: float, *, classes: int = 10, seed: int = 0, **options) -> Network:
    """Return a VGG-16 for 32x32 images: 13 conv layers, five of them with pooling, one linear.

    Parameters
    ----------
    density
        Part of the weights that are not 0, in each layer.
    classes
        Outputs.
    seed
        Of masks and weights.
    options
        ``neuron`` ("ttfs" or "lif"), ``steps`` (of lif), ``rate`` (by default that of ``RATES``),
        ``coding`` (of the input), ``balanced_lanes`` (``None`` for independent random masks, else
        each of so many lanes has equally many weights for each input channel).
    """
    builder = _Builder(f"vgg16-{density:g}", density, seed, **options)
    for stage, widths in enumerate(VGG16, 1):
        for index, channels in enumerate(widths, 1):
            group = builder.conv(builder.newest, channels, 3)
            builder.add(f"conv{stage}_{index}", [group], pool=2 if index == len(widths) else 1)
    return builder.finish(classes)


def resnet18(density: float, *, classes: int = 10, seed: int = 0, **options) -> Network:
    """Return a ResNet-18 for 32x32 images; parameters are those of :func:`vgg16`."""
    return _resnet("resnet18", (64, 128, 256, 512), 2, 8, density, classes, seed, options)


def resnet20(density: float, *, classes: int = 10, seed: int = 0, **options) -> Network:
    """Return a ResNet-20 for 32x32 images; parameters are those of :func:`vgg16`."""
    return _resnet("resnet20", (16, 32, 64), 3, 8, density, classes, seed, options)


def _resnet(name: str, widths: tuple[int, ...], blocks: int, side: int, density: float,
            classes: int, seed: int, options: dict) -> Network:
    """Return a stem, ``blocks`` of two layers for each width, and a classifier without pooling."""
    builder = _Builder(f"{name}-{density:g}", density, seed, **options)
    builder.add("stem", [builder.conv(INPUT, widths[0], 3)])
    for stage, channels in enumerate(widths, 1):
        for block in range(1, blocks + 1):
            before, stride = builder.newest, 2 if stage > 1 and block == 1 else 1
            layer = f"block{stage}_{block}"
            builder.add(f"{layer}a", [builder.conv(before, channels, 3, stride=stride)])
            second = builder.conv(f"{layer}a", channels, 3)
            if stride == 2:
                builder.add(layer, [second, builder.conv(before, channels, 1, stride=2)])
            else:
                offset = OFFSET_OCTAVES * builder.network.numbers.steps_per_octave
                builder.add(layer, [replace(second, offset=offset),
                                    builder.identity(before, channels)])
    return builder.finish(classes)


@dataclass
class _Builder:
    """A network that grows by a calibrated layer at a time."""

    name: str
    density: float
    seed: int
    neuron: str = "ttfs"
    steps: int = 4
    rate: float | None = None
    coding: str = "time"
    balanced_lanes: int | None = None
    spikes: dict = field(default_factory=dict)

    def __post_init__(self):
        numbers = NumberFormat()
        self.rng = np.random.default_rng([self.seed, 4])
        self.network = Network(
            name=self.name, numbers=numbers, input_shape=IMAGE, neuron=self.neuron,
            exponents=input_table(self.coding, numbers), coding=self.coding, layers=(),
            steps=self.steps if self.neuron == "lif" else 1)
        self.spikes[INPUT] = torch.from_numpy(smooth_images(*CALIBRATION, IMAGE))

    @property
    def newest(self) -> str:
        return self.network.layers[-1].name if self.network.layers else INPUT

    def conv(self, source: str, channels: int, kernel: int, *, stride: int = 1) -> Synapses:
        """Return a group that keeps the sides of the map, or halves them."""
        shape = channels, self._shape(source).channels, kernel, kernel
        return Synapses(source=source, kind="conv", weight=self._weights(shape), stride=stride,
                        padding=kernel // 2)

    def identity(self, source: str, channels: int) -> Synapses:
        """Return a 1x1 group of weight 1."""
        weight = np.eye(channels, dtype=np.int8)[:, :, None, None]
        return Synapses(source=source, kind="conv", weight=weight)

    def add(self, name: str, groups: list[Synapses], *, pool: int = 1) -> None:
        """Add a layer that fires at the wanted rate."""
        layer = Layer(name=name, synapses=tuple(groups), pool=pool,
                      bias=np.zeros(len(groups[0].weight), np.int32))
        sums = sums_of(self._with(layer), layer, self.spikes)
        rate = RATES[self.neuron] if self.rate is None else self.rate
        layer = calibrated(self.network, layer, sums, rate=rate, rng=self.rng)
        self.network = self._with(layer)
        self.spikes[name] = times_of(
            self.network, layer, sums + layer.bias.astype(np.int64)[:, None, None])

    def finish(self, classes: int) -> Network:
        """Add the output layer, and return the network."""
        weight = self._weights((classes, self._shape(self.newest).size))
        # An octave smaller: scores add up over the steps.
        group = Synapses(source=self.newest, kind="linear", weight=weight,
                         offset=self.network.numbers.steps_per_octave)
        layer = Layer(name="scores", synapses=(group,), bias=np.zeros(classes, np.int32))
        network = self._with(layer)
        validate(network)
        return network

    def _shape(self, source: str) -> Shape:
        return IMAGE if source == INPUT else self.network.spike_shapes[source]

    def _with(self, layer: Layer) -> Network:
        return replace(self.network, layers=(*self.network.layers, layer))

    def _weights(self, shape: tuple[int, ...]) -> np.ndarray:
        lanes = self.balanced_lanes
        mask = (random_mask(self.rng, shape, self.density) if lanes is None
                else balanced_mask(self.rng, shape, self.density, lanes))
        codes = random_codes(self.rng, self.network.numbers, shape)
        return np.where(mask, codes, np.int8(0))
