"""Predictions of many images: the same in batches, by threads, and in parts that survive."""

import numpy as np
import pytest

from algo.golden import infer
from cosim.parts import Parts
from cosim.prediction import Counting, data_set, predict, predict_in_parts
from hw.counters import COUNTERS
from tests.cosim.cases import make_case
from tests.networks import random_images

CASES = range(4)
IMAGES = 7


@pytest.mark.parametrize("number", CASES)
def test_equals_images_counted_one_by_one(number, monkeypatch):
    monkeypatch.setattr("algo.operations.counting.MOST_AT_ONCE", 3)
    case = make_case(number)
    images = random_images(number, case.network, IMAGES)
    done = []
    found = predict(case.program, images, threads=2, progress=lambda *call: done.append(call))
    golden, counting = infer(case.network, images, trace=True), Counting(case.program)
    assert np.array_equal(found.scores, golden.scores)
    for index, image in enumerate(images):
        times = {name.removesuffix(".time"): values[index]
                 for name, values in golden.trace.items() if name.endswith(".time")}
        assert np.array_equal(found.counts[index], counting.counts(image, times))
    assert found.counts.shape == (IMAGES, len(case.network.layers), len(COUNTERS))
    assert done == [(count, IMAGES, "images") for count in (3, 6, 7)]


@pytest.mark.parametrize("number", CASES)
def test_parts_make_the_whole(number, monkeypatch, tmp_path):
    monkeypatch.setattr("cosim.parts.IMAGES_PER_PART", 3)
    case = make_case(number)
    images = random_images(number, case.network, IMAGES)
    whole, parts = predict(case.program, images), Parts(tmp_path / "p", {})
    for _ in range(2):
        found = predict_in_parts(case.program, images, parts=parts, progress=lambda *_: None)
        assert np.array_equal(found.counts, whole.counts)
        assert np.array_equal(found.scores, whole.scores)
        # What is there is taken as it is.
        monkeypatch.setattr(data_set, "predict", None)
    assert {path.name for path in (tmp_path / "p").iterdir()} == {
        "run.json", "0-3.npz", "3-6.npz", "6-7.npz"}


def test_counts_that_follow_from_others():
    """Every addition reads and writes a potential, every neuron too; idle is what is not added."""
    case = make_case(0)
    found = predict(case.program, case.images).counts
    count = {name: found[:, :, index] for index, name in enumerate(COUNTERS)}
    operations = count["synaptic_operations"]
    assert np.array_equal(count["potential_reads"], operations + count["neuron_updates"])
    assert np.array_equal(count["lane_idle_cycles"] + operations,
                          case.program.config.lanes * count["integration_cycles"])
    assert (count["cycles"] > count["integration_cycles"]).all()


@pytest.mark.parametrize("images", [np.zeros((0, 1, 1, 1), np.uint8), np.zeros((1, 1), np.uint8)])
def test_images_must_be_images(images):
    case = make_case(0)
    if images.ndim == 4:
        images = np.zeros((0, *case.network.input_shape), np.uint8)
    with pytest.raises(ValueError, match="images must be"):
        predict(case.program, images)
