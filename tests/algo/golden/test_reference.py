"""Reference against the oracle, and one pinned case per clause of the definitions."""

from dataclasses import replace

import numpy as np
import pytest

from algo.golden import infer
from hw.network import Layer, Network, Shape, Synapses, potential_bound, validate
from hw.numbers import NumberFormat
from tests import oracle
from tests.networks import random_images, random_network

NUMBERS = NumberFormat(steps_per_octave=2, window=8, threshold_offset=0, weight_bits=5,
                       weight_steps_per_octave=2, product_bits=8, potential_bits=16)
# A pixel of value p < 128 is one event of exponent p.
IDENTITY = np.where(np.arange(256) < 128, np.arange(256), 255).astype(np.uint8)[:, None]


def linear(name, weight, bias=None, *, source="input", offset=0, **neuron):
    weight = np.array(weight, np.int8)
    bias = np.zeros(len(weight)) if bias is None else bias
    group = Synapses(source=source, kind="linear", weight=weight, offset=offset)
    if "steps" in neuron:
        neuron["threshold_step"] = np.array(neuron.pop("steps"), np.int16)
    return Layer(name=name, synapses=(group,), bias=np.array(bias, np.int32), **neuron)


def network_of(*layers, numbers=NUMBERS, shape=(2, 1, 1), exponents=IDENTITY, **neuron):
    network = Network(name="pinned", numbers=numbers, input_shape=Shape(*shape),
                      exponents=np.array(exponents, np.uint8), layers=layers, **neuron)
    validate(network)
    return network


def scores_of(network, pixels):
    images = np.array(pixels, np.uint8).reshape(1, *network.input_shape)
    return infer(network, images).scores[0].tolist()


def assert_equal_to_oracle(network, images):
    result = infer(network, images, trace=True)
    assert result.scores.dtype == np.int64
    for index, image in enumerate(images):
        scores, trace = oracle.infer(network, image.tolist())
        assert result.scores[index].tolist() == scores
        assert result.trace.keys() == trace.keys()
        for key, expected in trace.items():
            assert result.trace[key][index].tolist() == expected, key
            assert result.trace[key].dtype == (
                np.uint8 if key.endswith(".time") else np.int32), key


@pytest.mark.parametrize("seed", range(60))
def test_equals_oracle(seed):
    network = random_network(seed, scope="format", most_channels=7, most_side=6)
    assert_equal_to_oracle(network, random_images(seed, network, 4))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1150))
def test_equals_oracle_at_full_size(seed):
    network = random_network(seed, scope="format")
    assert_equal_to_oracle(network, random_images(seed, network, 3))


@pytest.mark.parametrize("seed", range(20))
def test_equals_oracle_in_processor_scope(seed):
    network = random_network(seed, scope="plain", most_channels=12)
    assert_equal_to_oracle(network, random_images(seed, network, 3))


@pytest.mark.parametrize(("product_bits", "potential_bits"), [(13, 24), (20, 32)])
def test_sums_are_exact_up_to_the_bound(product_bits, potential_bits):
    """2,048 inputs of many magnitudes per neuron, some all of one sign, biased to the bound."""
    numbers = NumberFormat(product_bits=product_bits, potential_bits=potential_bits, weight_bits=6,
                           steps_per_octave=8, weight_steps_per_octave=4)
    rng = np.random.default_rng(7)
    weight = rng.integers(-numbers.largest_code, numbers.largest_code + 1, (9, 2048))
    weight[:3], weight[3:6] = abs(weight[:3]), -abs(weight[3:6])
    network = network_of(linear("scores", weight), numbers=numbers, shape=(2048, 1, 1))
    free = numbers.potential_max - potential_bound(network, network.layers[0])
    bias = (free * rng.choice([-1, 1], 9)).astype(np.int32)
    network = replace(network, layers=(replace(network.layers[0], bias=bias),))
    assert_equal_to_oracle(network, rng.integers(0, 12, (2, 2048, 1, 1)).astype(np.uint8))


def test_result_is_independent_of_batches_and_order(monkeypatch):
    network = random_network(5, scope="format")
    images = random_images(5, network, 13)
    expected = infer(network, images, trace=True)
    monkeypatch.setattr("algo.golden.reference.MOST_PER_BATCH", 3)
    seen = []
    result = infer(network, images[::-1].copy(), trace=True,
                   progress=lambda done, total, text: seen.append((done, total)))
    assert np.array_equal(result.scores[::-1], expected.scores)
    assert all(np.array_equal(result.trace[key][::-1], expected.trace[key])
               for key in expected.trace)
    assert seen == [(3, 13), (6, 13), (9, 13), (12, 13), (13, 13)]


def test_no_images_give_no_scores():
    network = random_network(3)
    images = np.zeros((0, *network.input_shape), np.uint8)
    assert infer(network, images).scores.shape == (0, network.layers[-1].channels)


def test_scores_alone_have_no_trace():
    network = random_network(3)
    assert infer(network, random_images(3, network, 2)).trace == {}


@pytest.mark.parametrize("images", [
    np.zeros((2, 1, 8, 8), np.float32), np.zeros((2, 1, 8, 7), np.uint8),
    np.zeros((1, 8, 8), np.uint8), [[0]]])
def test_wrong_images_are_refused(images):
    network = network_of(linear("scores", np.ones((3, 64))), shape=(1, 8, 8))
    with pytest.raises(ValueError, match=r"^images must be uint8 \[N, 1, 8, 8\], not .+$"):
        infer(network, images)


def test_product_is_the_truncated_table():
    """LUT = 256, 181 (256 / sqrt 2 = 181.02); exponent 3 + 2 · 1 = 5 is 181 >> 2."""
    network = network_of(linear("scores", [[1, 0], [3, 0], [-3, 0], [0, 3]]))
    assert scores_of(network, [3, 200]) == [90, 45, -45, 0]


def test_offset_adds_to_the_exponent():
    network = network_of(linear("scores", [[1, -2]], offset=6))
    assert scores_of(network, [0, 1]) == [(256 >> 3) - (256 >> 4)]


def test_repeated_table_entries_are_several_events():
    table = np.tile([4, 4, 255, 5], (256, 1))
    network = network_of(linear("scores", [[1, -1], [1, 0]]), exponents=table)
    assert scores_of(network, [9, 9]) == [0, 64 + 64 + 45]


@pytest.mark.parametrize(("threshold_offset", "potential", "time"), [
    (0, 64, 4), (0, 63, 5), (0, 65, 4), (0, 256, 0), (0, 9999, 0), (0, 1, 8), (0, 0, 8),
    (0, -500, 8), (0.5, 64, 4), (0.5, 54, 4), (0.5, 53, 5), (0.5, 216, 0), (0.5, 215, 1)])
def test_firing(threshold_offset, potential, time):
    """θ = 256: step 4 asks for 64, or for 64 · 2^(−1/4) = 53.8 with half a step of offset."""
    numbers = replace(NUMBERS, threshold_offset=threshold_offset)
    network = network_of(linear("hidden", [[0, 0]], [potential], steps=[16]),
                         linear("scores", [[1]], source="hidden"), numbers=numbers)
    trace = infer(network, np.zeros((1, 2, 1, 1), np.uint8), trace=True).trace
    assert trace["hidden.potential"].item() == potential
    assert trace["hidden.time"].item() == time


@pytest.mark.parametrize(("step", "time"), [
    (-32768, 0), (0, 0), (1, 1), (7, 7), (8, 8), (32767, 8)])
def test_threshold_step_shifts_time(step, time):
    network = network_of(linear("hidden", [[0, 0]], [1], steps=[step]),
                         linear("scores", [[1]], source="hidden"))
    trace = infer(network, np.zeros((1, 2, 1, 1), np.uint8), trace=True).trace
    assert trace["hidden.time"].item() == time


def test_pooling_takes_the_earliest_and_drops_the_remainder():
    group = Synapses(source="input", kind="conv", weight=np.ones((1, 1, 1, 1), np.int8))
    layer = Layer(name="hidden", synapses=(group,), bias=np.zeros(1, np.int32), pool=2,
                  threshold_step=np.array([16], np.int16))
    network = network_of(layer, linear("scores", [[1, 1]], source="hidden"), shape=(1, 3, 5))
    image = np.array([[6, 2, 200, 200, 0], [4, 4, 6, 200, 0], [0, 0, 0, 0, 0]], np.uint8)
    trace = infer(network, image[None, None], trace=True).trace
    assert trace["hidden.potential"].shape == (1, 1, 3, 5)
    assert trace["hidden.time"].tolist() == [[[[2, 6]]]]


def test_ties_go_to_the_lowest_index():
    network = network_of(linear("scores", [[0, 0]] * 4, [1, 7, 7, 7]))
    assert infer(network, np.zeros((2, 2, 1, 1), np.uint8)).predictions.tolist() == [1, 1]


def test_leak_rounds_toward_minus_infinity():
    """−5 · 128 / 256 is −3; the threshold is subtracted, not cleared to zero."""
    layers = (linear("hidden", [[0, 0], [0, 0]], [-5, 10], threshold=10, leak=128),
              linear("scores", [[1, 1]], [3], source="hidden"))
    network = network_of(*layers, neuron="lif", steps=4)
    result = infer(network, np.zeros((1, 2, 1, 1), np.uint8), trace=True)
    trace = result.trace["hidden.potential"][0, :, :, 0, 0]
    assert trace[:, 0].tolist() == [-5, -8, -9, -10]
    assert trace[:, 1].tolist() == [10, 10, 10, 10]
    assert result.trace["hidden.time"][0, :, :, 0, 0].tolist() == [[1, 0]] * 4
    assert result.trace["scores.potential"].ravel().tolist() == [259, 518, 777, 1036]
    assert result.scores.tolist() == [[1036]]
