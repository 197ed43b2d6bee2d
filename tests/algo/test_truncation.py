"""What truncation takes from potentials on average, against sums worked out one by one."""

from itertools import product

import numpy as np
import pytest

from algo.golden import infer_events
from algo.truncation import compensated, mean_loss
from hw.network import INPUT, Layer, Network, Shape, Synapses, potential_bound, validate
from hw.network.model import NO_EVENT
from hw.numbers import NumberFormat
from tests.networks import random_images, random_network


def exact_potentials(network, layer, images, trace):
    """Return bias + Σ ±2^(F − E/τ), synapse by synapse, float64 like the potentials."""
    numbers = network.numbers
    found = np.zeros(trace[f"{layer.name}.potential"].shape)
    found += layer.bias[:, None, None]
    for group in layer.synapses:
        source = images if group.source == INPUT else trace[f"{group.source}.time"]
        flat = group.kind == "linear"
        source = source.reshape(len(source), -1, 1, 1) if flat else source
        weight = group.weight.reshape(*group.weight.shape[:2], *(1, 1) if flat else
                                      group.weight.shape[2:])
        for index in product(*map(range, found.shape)):
            image, channel, row, column = index
            for fan_in, y, x in product(*map(range, weight.shape[1:])):
                code = int(weight[channel, fan_in, y, x])
                top, left = (row * group.stride + y - group.padding,
                             column * group.stride + x - group.padding)
                if not (code and 0 <= top < source.shape[2] and 0 <= left < source.shape[3]):
                    continue
                value = int(source[image, fan_in, top, left])
                events = (network.exponents[value] if group.source == INPUT
                          else [value] if value < numbers.window else [])
                for event in events:
                    if event != NO_EVENT:
                        total = numbers.exponent(spike=int(event), weight=code,
                                                 offset=group.offset)
                        found[index] += np.sign(code) * 2.0 ** (
                            numbers.product_bits - total / numbers.steps_per_octave)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_mean_loss_is_that_of_each_potential(seed):
    network = random_network(seed, neuron="ttfs", scope="format", channels=3, side=5, kernel=3)
    images = random_images(seed, network, 2)
    trace = infer_events(network, images, trace=True).trace
    for layer, loss in zip(network.layers, mean_loss(network, images), strict=True):
        lost = exact_potentials(network, layer, images, trace) - trace[f"{layer.name}.potential"]
        np.testing.assert_allclose(loss, lost.mean((0, 2, 3)), atol=1e-6 * (1 + abs(lost).max()))


def one_synapse(bias: int, code: int) -> Network:
    """Return a neuron with one weight, whose pixel is an event if it is 1, and the output."""
    table = np.full((256, 1), NO_EVENT, np.uint8)
    table[1] = 0
    layers = tuple(
        Layer(name=name, synapses=(Synapses(source=source, kind="conv", stride=1, padding=0,
                                            offset=0, weight=np.full((1, 1, 1, 1), own, np.int8)),),
              bias=np.array([start], np.int32), pool=1, threshold_step=step)
        for name, source, own, start, step in [
            ("hidden", INPUT, code, bias, np.array([16], np.int16)),
            ("scores", "hidden", 1, 0, None)])
    return Network(name="one", numbers=NumberFormat(product_bits=4, potential_bits=12),
                   input_shape=Shape(1, 1, 1), exponents=table, coding="custom", classes=(),
                   layers=layers)


IMAGES = np.array([1, 0], np.uint8).reshape(2, 1, 1, 1)


def test_hand_worked():
    # Code −4 is −2^(−3/2): ⌊11 / 2⌋ = 5 stands for 2^(4 − 3/2) = 5.657, and −5 for −5.657. One of
    # two images has the event.
    network = one_synapse(16, -4)
    assert mean_loss(network, IMAGES)[0] == pytest.approx([(5 - 2 ** 2.5) / 2])
    assert compensated(network, IMAGES[:1]).layers[0].bias == [15]
    assert compensated(network, IMAGES).layers[0].bias == [16]          # by −0.33: not at all


def test_potentials_cannot_overflow():
    # 2,042 + 5 is all that 12 bits hold; one less has room for one more.
    full, other = (compensated(one_synapse(bias, 4), IMAGES[:1]) for bias in (2042, 2041))
    assert full.layers[0].bias == other.layers[0].bias == [2042]
    network = random_network(3, neuron="ttfs", scope="plain")           # near its bounds
    validate(compensated(network, random_images(3, network, 4)))


def test_only_biases_change():
    network = random_network(3, neuron="ttfs", scope="plain")
    images = random_images(3, network, 4)
    other, losses = compensated(network, images), mean_loss(network, images)
    assert any(np.rint(loss).any() for loss in losses)
    for layer, changed, loss in zip(network.layers, other.layers, losses, strict=True):
        room = network.numbers.potential_max - potential_bound(network, layer) + abs(layer.bias)
        wanted = layer.bias + np.rint(loss)
        assert (changed.bias == np.where(abs(wanted) > room, np.sign(wanted) * room, wanted)).all()
        assert changed.synapses is layer.synapses
        assert changed.threshold_step is layer.threshold_step and changed.pool == layer.pool
    assert other.provenance["truncation_images"] == 4


def test_leaky_networks_stay_as_they_are():
    network = random_network(1, neuron="lif", scope="format")
    assert compensated(network, random_images(1, network, 2)) is network
