"""The same network with other bits or another input table: by hand, and against the integers."""

from dataclasses import replace

import numpy as np
import pytest

from algo.coding import input_table
from algo.golden import infer
from algo.precision import with_precision
from algo.truncation import compensated, mean_loss
from hw.network import NetworkError
from hw.numbers import NumberFormat
from tests.networks import random_images, random_network

WIDE = NumberFormat(steps_per_octave=4, window=16, product_bits=20, potential_bits=32)


def network_of(seed: int, neuron: str = "ttfs"):
    """Return a small network that knows its accuracy."""
    network = random_network(seed, neuron=neuron, scope="format", numbers=WIDE, most_channels=6,
                             most_side=6)
    return replace(network, provenance={"recipe": "r", "accuracy": {"test": 0.5}})


def test_units_of_potentials_by_hand():
    """F = 20 to 17 is three octaves: biases an eighth, steps of thresholds 3 · τ = 12 lower."""
    network = network_of(3)
    layer = replace(network.layers[0], bias=np.full_like(network.layers[0].bias, -20))
    network = replace(network, layers=(layer, *network.layers[1:]))
    found = with_precision(network, product_bits=17)
    assert (found.numbers.product_bits, found.numbers.potential_bits) == (17, 32)
    # −20 / 8 = −2.5, to the even neighbour.
    assert set(found.layers[0].bias.tolist()) == {-2}
    for before, after in zip(network.layers[:-1], found.layers[:-1], strict=True):
        assert np.array_equal(after.threshold_step, before.threshold_step - 12)
        assert np.array_equal(after.synapses[0].weight, before.synapses[0].weight)
    assert found.layers[-1].threshold_step is None


def test_thresholds_of_leaky_neurons_by_hand():
    network = network_of(4, neuron="lif")
    layers = tuple(replace(layer, threshold=threshold) for layer, threshold in
                   zip(network.layers[:-1], (1000, 3), strict=False))
    network = replace(network, layers=(*layers, *network.layers[len(layers):]))
    found = with_precision(network, product_bits=17)
    assert [layer.threshold for layer in found.layers[:len(layers)]] == [125, 1][:len(layers)]
    assert found.layers[0].leak == network.layers[0].leak


@pytest.mark.parametrize("seed", range(6))
def test_wider_and_back_is_the_same(seed):
    network = with_precision(network_of(seed), product_bits=12)
    again = with_precision(with_precision(network, product_bits=15), product_bits=12)
    images = random_images(seed, network, 3)
    assert np.array_equal(infer(again, images).scores, infer(network, images).scores)


@pytest.mark.parametrize("seed", range(4))
def test_potentials_differ_by_roundings_only(seed):
    """Of the first layer, whose spikes are the image: less than a unit for each product."""
    network = network_of(seed)
    images = random_images(seed, network, 3)
    narrow = with_precision(network, product_bits=14)
    name = network.layers[0].name
    wide, other = (infer(one, images, trace=True).trace[f"{name}.potential"]
                   for one in (network, narrow))
    products = max(int((group.weight != 0).reshape(len(group.weight), -1).sum(1).max())
                   for group in network.layers[0].synapses) * 8 * len(network.layers[0].synapses)
    assert np.abs(wide / 2 ** 6 - other).max() <= products + 1


def test_accuracy_stays_with_the_network_that_had_it():
    found = with_precision(network_of(1), product_bits=12, potential_bits=30)
    assert found.provenance == {"recipe": "r", "derived_from": {
        "name": found.name, "coding": found.coding, "product_bits": 20, "potential_bits": 32,
        "accuracy": {"test": 0.5}}}


def test_another_input_table():
    network = network_of(2)
    found = with_precision(network, coding="greedy2")
    assert found.coding == "greedy2"
    assert np.array_equal(found.exponents, input_table("greedy2", WIDE))
    assert found.provenance["derived_from"]["coding"] == network.coding


def test_truncation_is_given_back_anew():
    """Not on top of what biases give back already."""
    network = network_of(5)
    images = random_images(5, network, 8)
    plain = with_precision(network, product_bits=12)
    expected = compensated(plain, images)
    found = with_precision(compensated(network, images), product_bits=12, images=images)
    lost = max(float(np.abs(loss).max()) for loss in mean_loss(plain, images))
    assert lost > 2, "the test needs a loss that is seen"
    for layer, other in zip(found.layers, expected.layers, strict=True):
        assert np.abs(layer.bias.astype(int) - other.bias).max() <= 1
    assert found.provenance["truncation_images"] == 8
    again = with_precision(expected, images=images)
    for layer, other in zip(again.layers, expected.layers, strict=True):
        assert np.abs(layer.bias.astype(int) - other.bias).max() <= 1


def test_too_few_bits_are_refused():
    with pytest.raises(NetworkError, match="layer"):
        with_precision(network_of(0), potential_bits=21)
    with pytest.raises(ValueError, match="product_bits must be 4 to 20, not 21"):
        with_precision(network_of(0), product_bits=21)
    with pytest.raises(ValueError, match="coding must be one of"):
        with_precision(network_of(0), coding="morse")
