"""The networks of real shape: valid, as sparse and as active as asked for, the same each time."""

import numpy as np
import pytest

from algo.golden import infer
from hw.network import potential_bound, validate
from tests.full_size.images import smooth_images
from tests.full_size.masks import balanced_mask
from tests.full_size.networks import RATES, resnet18, resnet20, vgg16

LANES = 64


def activity(network, count=2) -> dict[str, float]:
    """Return the part of its neurons that fire, of each layer without pooling."""
    trace = infer(network, smooth_images(7, count), trace=True).trace
    silence = 1 if network.neuron == "lif" else network.numbers.silence
    return {layer.name: float((trace[f"{layer.name}.time"] < silence).mean())
            for layer in network.layers[:-1] if layer.pool == 1}


def assert_as_asked(network, density, rate):
    validate(network)
    sizes = {layer.name: layer.synapses[0].weight.size for layer in network.layers}
    for layer in network.layers:
        kept = np.count_nonzero(layer.synapses[0].weight) / sizes[layer.name]
        spread = 5 * (density * (1 - density) / sizes[layer.name]) ** 0.5
        assert kept == pytest.approx(density, abs=spread), layer.name
        assert potential_bound(network, layer).max() <= network.numbers.potential_max
    rates = activity(network)
    assert np.mean(list(rates.values())) == pytest.approx(rate, rel=0.4), rates
    assert all(rate / 3 < found < 3 * rate for found in rates.values()), rates


@pytest.mark.slow
@pytest.mark.parametrize("neuron", ["ttfs", "lif"])
@pytest.mark.parametrize("density", [0.1, 1.0])
def test_vgg16(density, neuron):
    network = vgg16(density, classes=100, seed=3, neuron=neuron, steps=2)
    assert len(network.layers) == 14 and network.layers[-1].channels == 100
    assert [network.spike_shapes[name][1] for name in ("conv1_2", "conv3_3", "conv5_3")] == [
        16, 4, 1]
    assert_as_asked(network, density, RATES[neuron])


@pytest.mark.slow
@pytest.mark.parametrize("neuron", ["ttfs", "lif"])
@pytest.mark.parametrize("density", [0.1, 1.0])
def test_resnet18(density, neuron):
    network = resnet18(density, neuron=neuron, steps=2)
    assert len(network.layers) == 18
    assert network.layers[-1].synapses[0].weight.shape == (10, 512 * 4 * 4)
    assert_as_asked(network, density, RATES[neuron])


@pytest.mark.parametrize(("coding", "neuron"), [("time", "ttfs"), ("bits", "ttfs"),
                                                ("time", "lif")])
def test_resnet20(coding, neuron):
    network = resnet20(0.3, seed=1, coding=coding, neuron=neuron)
    assert len(network.layers) == 20 and network.coding == coding
    assert_as_asked(network, 0.3, RATES[neuron])
    pairs = {tuple((group.source, group.kernel, group.stride, group.offset > 0)
                   for group in layer.synapses) for layer in network.layers}
    assert (("block1_1a", 3, 1, True), ("stem", 1, 1, False)) in pairs
    assert (("block2_1a", 3, 1, False), ("block1_3", 1, 2, False)) in pairs


def test_spike_times_spread_over_the_window():
    network = resnet20(0.3)
    trace = infer(network, smooth_images(7, 2), trace=True).trace
    for layer in network.layers[:-1]:
        times = trace[f"{layer.name}.time"]
        times = times[times < network.numbers.silence]
        steps = np.bincount(times, minlength=network.numbers.window) / len(times)
        assert steps.max() < 0.5 and (steps > 0.002).sum() >= 18, (layer.name, steps)


def test_the_same_seed_is_the_same_network():
    first, second, other = (resnet20(0.2, seed=seed) for seed in (5, 5, 6))
    for one, same, different in zip(first.layers, second.layers, other.layers, strict=True):
        assert np.array_equal(one.bias, same.bias)
        assert np.array_equal(one.synapses[0].weight, same.synapses[0].weight)
        assert not np.array_equal(one.synapses[0].weight, different.synapses[0].weight)
        if one.threshold_step is not None:
            assert np.array_equal(one.threshold_step, same.threshold_step)


def test_balanced_network():
    network = resnet20(0.3, balanced_lanes=8)
    for layer in network.layers:
        weight = layer.synapses[0].weight
        lanes = np.stack([np.count_nonzero(weight[lane::8], axis=0) for lane in range(8)])
        lanes = lanes.reshape(*lanes.shape[:2], -1).sum(axis=2)
        uneven = 2 if layer.channels % 8 else 1        # 10 classes: two lanes have two channels
        assert (np.ptp(lanes, axis=0) <= uneven).all(), layer.name


@pytest.mark.parametrize("density", [0.0, 0.03, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(64, 20, 3, 3), (128, 30, 3, 3), (10, 40), (100, 33, 1, 1)])
def test_balanced_mask(shape, density):
    mask = balanced_mask(np.random.default_rng(1), shape, density, LANES)
    assert mask.shape == shape and abs(mask.mean() - density) < 0.02
    counts = mask.reshape(*shape[:2], -1).sum(axis=2)
    lanes = np.stack([counts[lane::LANES].sum(axis=0) for lane in range(min(LANES, shape[0]))])
    for channels in {len(range(lane, shape[0], LANES)) for lane in range(len(lanes))}:
        alike = lanes[[len(range(lane, shape[0], LANES)) == channels
                       for lane in range(len(lanes))]]
        assert (np.ptp(alike, axis=0) <= 1).all() and np.ptp(alike.sum(axis=1)) <= 1


def test_images_are_smooth_and_repeat():
    images = smooth_images(3, 4)
    assert images.dtype == np.uint8 and images.shape == (4, 3, 32, 32)
    assert np.array_equal(images[:2], smooth_images(3, 2))
    step = np.abs(np.diff(images.astype(int), axis=-1)).mean()
    assert step < 0.7 * np.abs(images.astype(int) - np.roll(images, 16, axis=-1)).mean()
    assert images.std() > 20
