"""Events against the reference, bit by bit: every score, potential and spike time."""

from dataclasses import replace

import numpy as np
import pytest

from algo.golden import events, infer, infer_events, plan
from algo.golden.compiled import compiled
from algo.golden.firing import fire
from hw.network import Layer, Network, NetworkError, Shape, Synapses, potential_bound, validate
from hw.numbers import NumberFormat
from tests.networks import random_images, random_network

# Everything by rows of products, everything weight by weight, and as measured.
SPARSE_BELOW = {"dense": 0.0, "sparse": 2.0, "by density": plan.SPARSE_BELOW}


def assert_equal_to_reference(network, images, **options):
    expected, found = (model(network, images, trace=True, **extra)
                       for model, extra in ((infer, {}), (infer_events, options)))
    assert found.scores.dtype == np.int64 and np.array_equal(found.scores, expected.scores)
    assert found.trace.keys() == expected.trace.keys()
    for key, values in expected.trace.items():
        assert found.trace[key].dtype == values.dtype, key
        assert np.array_equal(found.trace[key], values), key


@pytest.mark.parametrize("way", SPARSE_BELOW)
@pytest.mark.parametrize("seed", range(30))
def test_equals_reference(seed, way, monkeypatch):
    """Kernels to 7, strides, paddings, offsets, skip paths, ``lif``, any table and format."""
    monkeypatch.setattr(plan, "SPARSE_BELOW", SPARSE_BELOW[way])
    network = random_network(seed, scope="format", most_channels=7, most_side=6)
    assert_equal_to_reference(network, random_images(seed, network, 4), threads=1 + seed % 2)


@pytest.mark.parametrize("way", SPARSE_BELOW)
@pytest.mark.parametrize("seed", range(6))
def test_equals_reference_with_the_longest_window(seed, way, monkeypatch):
    """T = 250, with a product at each of its steps."""
    monkeypatch.setattr(plan, "SPARSE_BELOW", SPARSE_BELOW[way])
    numbers = NumberFormat(steps_per_octave=16, window=250, product_bits=20, potential_bits=32)
    network = random_network(seed, scope="format", neuron="ttfs", numbers=numbers, most_channels=7,
                             most_side=6)
    assert_equal_to_reference(network, random_images(seed, network, 4), threads=1)


@pytest.mark.slow
@pytest.mark.parametrize("way", SPARSE_BELOW)
@pytest.mark.parametrize("seed", range(1000, 1040))
def test_equals_reference_at_full_size(seed, way, monkeypatch):
    monkeypatch.setattr(plan, "SPARSE_BELOW", SPARSE_BELOW[way])
    network = random_network(seed, scope="format")
    assert_equal_to_reference(network, random_images(seed, network, 5))


@pytest.mark.parametrize("neuron", ["ttfs", "lif"])
@pytest.mark.parametrize("seed", range(4))
def test_blocks_of_channels(seed, neuron, monkeypatch):
    """With no room for products, each input channel is a block of its own."""
    monkeypatch.setattr(plan, "SPARSE_BELOW", 0.0)
    monkeypatch.setattr(plan, "TABLE_BYTES", 0)
    network = random_network(seed, scope="format", neuron=neuron, most_side=5)
    assert_equal_to_reference(network, random_images(seed, network, 3))


@pytest.mark.parametrize("way", SPARSE_BELOW)
@pytest.mark.parametrize(("product_bits", "potential_bits"), [(14, 26), (15, 28), (20, 32)])
def test_sums_are_exact_up_to_the_bound(product_bits, potential_bits, way, monkeypatch):
    """2,048 inputs per neuron, some all of one sign, biased so that the bound is met."""
    monkeypatch.setattr(plan, "SPARSE_BELOW", SPARSE_BELOW[way])
    numbers = NumberFormat(product_bits=product_bits, potential_bits=potential_bits, weight_bits=6,
                           steps_per_octave=8, weight_steps_per_octave=4)
    rng = np.random.default_rng(7)
    weight = rng.integers(-numbers.largest_code, numbers.largest_code + 1, (9, 2048))
    weight[:3], weight[3:6] = abs(weight[:3]), -abs(weight[3:6])
    table = np.where(np.arange(256) < 128, np.arange(256), 255).astype(np.uint8)[:, None]
    layer = Layer(name="scores", bias=np.zeros(9, np.int32), synapses=(
        Synapses(source="input", kind="linear", weight=weight.astype(np.int8)),))
    network = Network(name="bound", numbers=numbers, input_shape=Shape(2048, 1, 1),
                      exponents=table, layers=(layer,))
    free = numbers.potential_max - potential_bound(network, layer)
    bias = (free * rng.choice([-1, 1], 9)).astype(np.int32)
    bias[:6] = abs(bias[:6]) * ([1] * 3 + [-1] * 3)
    network = replace(network, layers=(replace(layer, bias=bias),))
    validate(network)
    images = rng.integers(0, 12, (3, 2048, 1, 1)).astype(np.uint8)
    images[0] = 0
    assert_equal_to_reference(network, images)
    assert abs(infer_events(network, images).scores[0, :6]).tolist() == [numbers.potential_max] * 6


@pytest.mark.parametrize("threshold_offset", [0, 0.5])
@pytest.mark.parametrize(("tau", "window"), [(1, 7), (2, 40), (4, 24), (8, 100), (16, 250)])
def test_firing_at_every_threshold(tau, window, threshold_offset):
    """One below, at, and above each level, from the lowest to the highest potential."""
    numbers = NumberFormat(steps_per_octave=tau, weight_steps_per_octave=1, window=window,
                           threshold_offset=threshold_offset, potential_bits=32)
    thresholds = np.array([numbers.firing_threshold(level) for level in range(32 * tau + 1)])
    near = (thresholds[:, None] + [-1, 0, 1]).ravel()
    near = near[near <= numbers.potential_max]
    potentials = np.concatenate([-near, [0, -1 << 31, numbers.potential_max], near])
    steps = np.array([-32768, -1, 0, 1, window, 9 * tau, 31 * tau, 32 * tau + window - 1, 32767])
    maps = np.repeat(potentials.astype(np.int32)[None, None, :, None], len(steps), axis=3)
    times = fire(maps, steps, thresholds, tau, window)
    assert times.dtype == np.uint8
    assert times[0, 0].tolist() == [
        [numbers.fire(int(potential), int(step)) for step in steps] for potential in potentials]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_result_does_not_depend_on_threads(threads, monkeypatch):
    network = random_network(5, scope="format")
    images = random_images(5, network, 13)
    expected = infer_events(network, images, trace=True, threads=1)
    monkeypatch.setattr(events, "MOST_PER_THREAD", 3)
    seen = []
    found = infer_events(network, images, trace=True, threads=threads,
                         progress=lambda done, total, text: seen.append((done, total)))
    assert np.array_equal(found.scores, expected.scores)
    assert all(np.array_equal(found.trace[key], expected.trace[key]) for key in expected.trace)
    assert seen == [(3, 13), (6, 13), (9, 13), (12, 13), (13, 13)]


def test_images_are_fewer_at_once_where_maps_are_large(monkeypatch):
    network = random_network(5, scope="format")
    largest = max(shape.size for shape in network.neuron_shapes.values()) * network.steps
    monkeypatch.setattr(events, "POTENTIAL_BYTES", 2 * 4 * largest)
    seen = []
    infer_events(network, random_images(5, network, 5), threads=1,
                 progress=lambda done, total, text: seen.append(done))
    assert seen == [2, 4, 5]


def test_an_error_in_progress_stops_inference():
    def stop(done, total, text):
        raise KeyboardInterrupt
    network = random_network(3)
    with pytest.raises(KeyboardInterrupt):
        infer_events(network, random_images(3, network, 5), threads=2, progress=stop)


@pytest.mark.parametrize("neuron", ["ttfs", "lif"])
def test_no_images_give_no_scores(neuron):
    network = random_network(3, scope="format", neuron=neuron)
    images = np.zeros((0, *network.input_shape), np.uint8)
    assert_equal_to_reference(network, images)


def test_scores_alone_have_no_trace():
    network = random_network(3)
    assert infer_events(network, random_images(3, network, 2)).trace == {}


def test_wrong_arguments_are_refused():
    network = random_network(3)
    images = random_images(3, network, 2)
    with pytest.raises(ValueError, match=r"^images must be uint8 \[N, .+, not .+$"):
        infer_events(network, images[:, :, :-1])
    with pytest.raises(ValueError, match=r"^threads must be at least 1, not 0$"):
        infer_events(network, images, threads=0)
    layer = network.layers[-1]
    worse = replace(layer, bias=np.full(layer.channels, 2**31 - 1, np.int32))
    with pytest.raises(NetworkError, match=r"may reach a potential of"):
        infer_events(replace(network, layers=(*network.layers[:-1], worse)), images)


def test_without_a_folder_for_machine_code_it_is_compiled_each_time(monkeypatch):
    def njit(*, nogil, cache=False):
        if cache:
            raise RuntimeError("cannot cache function")
        return lambda function: function
    monkeypatch.setattr("algo.golden.compiled.njit", njit)
    assert compiled(len) is len
