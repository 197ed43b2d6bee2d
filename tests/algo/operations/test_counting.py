"""Counts by hand, and against those that the tests of the RTL work out, event by event."""

from dataclasses import replace

import numpy as np
import pytest

from algo.golden import infer
from algo.operations import counting
from algo.operations.counting import count_operations
from cosim.prediction import predict
from hw.counters import COUNTERS
from hw.network import Layer, Network, Shape, Synapses
from hw.numbers import NumberFormat
from tests.cosim.cases import make_case
from tests.networks import random_images, random_network

OPERATIONS = list(COUNTERS).index("synaptic_operations")
# Pixel 0 is silent, 1 sends one event, any other two.
TABLE = np.array([[255, 255], [0, 255], *[[0, 4]] * 254], np.uint8)
# All potentials of at least 1 fire, and at once.
AT_ONCE = -100


def layer(name: str, weight, *, source: str = "input", bias: int = 0, **options) -> Layer:
    weight = np.array(weight, np.int8)
    geometry = {key: options.pop(key) for key in ("stride", "padding") if key in options}
    group = Synapses(source=source, kind="linear" if weight.ndim == 2 else "conv", weight=weight,
                     **geometry)
    return Layer(name=name, synapses=(group,), bias=np.full(len(weight), bias, np.int32), **options)


def firing(name: str, weight, **options) -> Layer:
    return layer(name, weight, threshold_step=np.full(len(weight), AT_ONCE, np.int16), **options)


def network(shape: tuple[int, int, int], *layers: Layer, **options) -> Network:
    return Network(name="hand", numbers=NumberFormat(), input_shape=Shape(*shape), exponents=TABLE,
                   layers=layers, **options)


def test_an_all_spiking_dense_network_does_neurons_times_fan_in():
    """3 pixels of two events each, 5 neurons that all fire, 4 scores: 6 · 5 and 5 · 4."""
    dense = network((3, 1, 1), firing("hidden", np.ones((5, 3))),
                    layer("scores", np.ones((4, 5)), source="hidden"))
    found = count_operations(dense, np.full((2, 3, 1, 1), 9, np.uint8))
    assert found.operations["hidden"].tolist() == [[30], [30]]
    assert found.operations["scores"].tolist() == [[20], [20]]
    assert found.total.tolist() == [50, 50] and found.input_events.tolist() == [6, 6]
    assert found.neuron_spikes["hidden"].tolist() == [5, 5]


def test_a_conv_a_pool_and_a_linear_layer_by_hand():
    """One bright pixel in the corner of 4x4, and one event of another in the middle.

    3x3 with padding 1 and one weight missing, tap (0, 0), which leads from (y, x) to (y + 1, x + 1)
    and so from both into the map: the corner meets 3 taps, twice, the middle 8. Neurons fire in
    rows 0 … 2 and columns 0 … 2 around the middle (1, 1), but at (2, 2), where only the missing
    weight leads: 8. Pooled by 2: all four windows but the last, 3, which meet 2 scores each.
    """
    weight = np.ones((1, 1, 3, 3))
    weight[0, 0, 0, 0] = 0
    image = np.zeros((1, 1, 4, 4), np.uint8)
    image[0, 0, 0, 0], image[0, 0, 1, 1] = 200, 1
    hand = network((1, 4, 4), firing("conv", weight, padding=1, pool=2),
                   layer("scores", np.ones((2, 4)), source="conv"))
    found = count_operations(hand, image)
    assert found.operations["conv"].tolist() == [[2 * 3 + 8]]
    assert found.neuron_spikes["conv"].tolist() == [8]
    assert found.map_spikes["conv"].tolist() == [3]
    assert found.operations["scores"].tolist() == [[3 * 2]]


def test_each_group_counts_its_own():
    """A neuron whose spike goes through two groups is met twice."""
    first = firing("first", np.ones((2, 2, 1, 1)))
    second = firing("second", np.ones((3, 2, 1, 1)), source="first")
    skip = replace(second.synapses[0], source="input", weight=np.eye(3, 2, dtype=np.int8)
                   [:, :, None, None])
    second = replace(second, synapses=(*second.synapses, skip))
    found = count_operations(
        network((2, 1, 1), first, second, layer("scores", np.ones((1, 3)), source="second")),
        np.ones((1, 2, 1, 1), np.uint8))
    assert found.operations["second"].tolist() == [[2 * 3, 2]]


def test_leaky_neurons_count_each_step():
    """Threshold 5 and a bias of 3, no input: V = 3, 6 fires, 1 + 3 = 4, 7 fires; of 4 steps, 2.

    The pixel sends its event at each step, through a weight that adds nothing to reach it.
    """
    hidden = layer("hidden", [[15]], bias=3, threshold=5, leak=256)
    leaky = network((1, 1, 1), hidden, layer("scores", np.ones((7, 1)), source="hidden"),
                    neuron="lif", steps=4)
    silent = count_operations(leaky, np.zeros((1, 1, 1, 1), np.uint8))
    assert silent.neuron_spikes["hidden"].tolist() == [2]
    assert silent.operations["scores"].tolist() == [[14]]
    bright = count_operations(leaky, np.full((1, 1, 1, 1), 2, np.uint8))
    assert bright.operations["hidden"].tolist() == [[8]] and bright.input_events.tolist() == [2]


@pytest.mark.parametrize("number", range(30))
def test_equals_the_counts_of_the_rtl(number, monkeypatch):
    """Small batches, all kernels, strides, paddings, skip paths, pools and ``lif``."""
    monkeypatch.setattr(counting, "MOST_AT_ONCE", 2)
    case = make_case(number)
    print(f"case {number}: {case.network.name}, {case.network.neuron}")
    found = count_operations(case.network, case.images, threads=1)
    expected = predict(case.program, case.images, threads=1)
    assert np.array_equal(found.scores, expected.scores)
    operations = [groups.sum(axis=1) for groups in found.operations.values()]
    assert np.array_equal(np.stack(operations, axis=1), expected.counts[:, :, OPERATIONS])


@pytest.mark.parametrize("seed", range(30))
def test_neurons_that_fire_are_those_of_the_trace(seed):
    """Where nothing is pooled, spikes before pooling are the times of the trace."""
    pooled = random_network(seed, scope="format", most_channels=8, most_side=6)
    images = random_images(seed, pooled, 3)
    print(f"seed {seed}: {pooled.neuron}")
    # The last layer that fires: no other depends on its pooling.
    layers = list(pooled.layers)
    place = len(layers) - 2
    if place < 0:
        return
    cut = replace(pooled, layers=(*layers[:place], replace(layers[place], pool=1), layer(
        "scores", np.ones((1, pooled.neuron_shapes[layers[place].name].size)),
        source=layers[place].name)))
    silence = 1 if pooled.neuron == "lif" else pooled.numbers.silence
    times = infer(cut, images, trace=True).trace[f"{layers[place].name}.time"]
    found = count_operations(pooled, images, threads=1)
    assert found.neuron_spikes[layers[place].name].tolist() == [
        int((image < silence).sum()) for image in times]


def test_images_that_do_not_fit_are_refused():
    dense = network((3, 1, 1), layer("scores", np.ones((4, 3))))
    with pytest.raises(ValueError, match=r"^images must be uint8 \[N, 3, 1, 1\], not "):
        count_operations(dense, np.zeros((2, 1, 1, 1), np.uint8))
    with pytest.raises(ValueError, match=r"^images must be at least one, not none$"):
        count_operations(dense, np.zeros((0, 3, 1, 1), np.uint8))


def test_progress_is_shown(monkeypatch):
    monkeypatch.setattr(counting, "MOST_AT_ONCE", 4)
    seen = []
    count_operations(network((3, 1, 1), layer("scores", np.ones((4, 3)))),
                     np.zeros((9, 3, 1, 1), np.uint8),
                     progress=lambda done, total, text: seen.append((done, total)))
    assert seen == [(4, 9), (8, 9), (9, 9)]
