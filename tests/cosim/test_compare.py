"""The comparison finds the first wrong neuron, in network order."""

from itertools import product

import numpy as np
import pytest

from cosim.compare import divergent_images, first_divergence

LAYERS = ("conv", "fc")
SHAPES = {"conv.potential": (2, 4, 4), "conv.time": (2, 2, 2), "fc.potential": (3, 1, 1)}
IMAGES = 3


def traced(steps=None, seed=0):
    rng = np.random.default_rng(seed)
    lead = (IMAGES,) if steps is None else (IMAGES, steps)
    trace = {key: rng.integers(0, 9, lead + shape).astype(np.uint8 if "time" in key else np.int32)
             for key, shape in SHAPES.items()}
    return rng.integers(-50, 50, (IMAGES, 3)), trace


def spoil(trace, key, place, by=1):
    copy = {name: value.copy() for name, value in trace.items()}
    copy[key][place] += by
    return copy


def test_equal_is_none():
    scores, trace = traced()
    assert first_divergence(LAYERS, scores, scores.copy(), trace, spoil(trace, "conv.time", 0, 0)
                            ) is None


@pytest.mark.parametrize("seed", range(20))
def test_one_wrong_value_is_named(seed):
    scores, trace = traced()
    rng = np.random.default_rng(seed)
    key = list(SHAPES)[seed % 3]
    place = (int(rng.integers(IMAGES)), *(int(rng.integers(size)) for size in SHAPES[key]))
    found = first_divergence(LAYERS, scores, scores, trace, spoil(trace, key, place, 7))
    assert (found.image, found.channel, found.row, found.column) == place, f"seed {seed}"
    assert f"{found.layer}.{found.field}" == key and found.step is None
    assert found.expected == trace[key][place] and found.found == found.expected + 7


def test_order_is_image_layer_field_neuron():
    places = sorted(
        ((image, list(SHAPES).index(key), neuron), key, (image, *neuron))
        for image, key in product(range(IMAGES), SHAPES)
        for neuron in ((0, 0, 0), tuple(size - 1 for size in SHAPES[key])))
    scores, trace = traced()
    wrong = trace
    for _, key, place in reversed(places):
        wrong = spoil(wrong, key, place)
        found = first_divergence(LAYERS, scores, scores, trace, wrong)
        assert (f"{found.layer}.{found.field}", found.image) == (key, place[0])
        assert (found.channel, found.row, found.column) == place[1:]


def test_scores_come_last_but_before_the_next_image():
    scores, trace = traced()
    wrong = scores.copy()
    wrong[1, 2] -= 4
    found = first_divergence(LAYERS, scores, wrong, trace, spoil(trace, "conv.potential", 2))
    assert (found.image, found.layer, found.field, found.channel) == (1, "fc", "scores", 2)
    assert found.expected - found.found == 4


def test_steps_come_before_fields():
    scores, trace = traced(steps=4)
    wrong = spoil(spoil(trace, "conv.potential", (0, 2, 0, 0, 0)), "conv.time", (0, 1, 1, 1, 0))
    found = first_divergence(LAYERS, scores, scores, trace, wrong)
    assert (found.step, found.field, found.channel, found.row, found.column) == (1, "time", 1, 1, 0)
    assert str(found).startswith("image 0 layer conv step 1 time [1, 1, 0]: expected ")


def test_trace_of_the_first_images_only():
    scores, trace = traced()
    part = {key: value[:1] for key, value in trace.items()}
    wrong = scores.copy()
    wrong[2, 0] += 1
    assert first_divergence(LAYERS, scores, wrong, part, part).image == 2
    assert divergent_images(scores, wrong, part, part).tolist() == [2]


def test_without_trace():
    scores, _ = traced()
    assert first_divergence(LAYERS, scores, scores) is None
    assert divergent_images(scores, scores + 1).tolist() == [0, 1, 2]


@pytest.mark.parametrize("spoiled", ["missing", "shape"])
def test_two_shapes_are_refused(spoiled):
    scores, trace = traced()
    other = dict(trace)
    if spoiled == "missing":
        del other["conv.time"]
    else:
        other["conv.time"] = other["conv.time"][:, :1]
    with pytest.raises(ValueError, match=r"conv\.time must"):
        first_divergence(LAYERS, scores, scores, trace, other)
