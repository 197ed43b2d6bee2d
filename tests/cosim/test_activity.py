"""Spike times for pictures, held against the reference's traces."""

import numpy as np
import pytest

import cosim.activity
from algo.golden import infer
from cosim.activity import ACTIVITY, NEURONS, activity_of, write_activity
from tests.cosim.report.folders import network_with_layers
from tests.networks import random_images

SEEDS = range(3, 7)
# Images at most, and at once.
MOST, AT_ONCE = 11, 4


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("neuron", ["ttfs", "lif"])
def test_histograms_and_rasters_are_those_of_traces(seed, neuron):
    network = network_with_layers(seed, neuron)
    images = random_images(seed, network, 5)
    found, expected = activity_of(network, images), infer(network, images, trace=True)
    hidden = [layer.name for layer in network.layers[:-1]]
    assert set(found) == {"image", "scores", "images"} | {
        f"{name}.{kind}" for name in hidden for kind in ("histogram", "raster")}
    assert found["images"] == 5 and (found["scores"] == expected.scores[0]).all()
    assert (found["image"] == images[0]).all()
    for name in hidden:
        times, histogram = expected.trace[f"{name}.time"], found[f"{name}.histogram"]
        if neuron == "ttfs":
            counts = [(times == step).sum() for step in range(network.numbers.window + 1)]
        else:
            counts = [(times[:, step] == 0).sum() for step in range(network.steps)]
            counts.append((times != 0).all(axis=1).sum())
        assert histogram.tolist() == counts
        raster, size = found[f"{name}.raster"], network.spike_shapes[name].size
        assert raster.shape[-1] == min(size, NEURONS)
        first = times[0].reshape(*times.shape[1:-3], size)
        if size <= NEURONS:
            assert (raster == first).all()
        else:
            assert (raster[..., 0] == first[..., 0]).all()
            assert (raster[..., -1] == first[..., -1]).all()


def test_images_are_taken_some_at_a_time_and_no_more_than_the_most(monkeypatch):
    monkeypatch.setattr(cosim.activity, "MOST_IMAGES", MOST)
    monkeypatch.setattr(cosim.activity, "IMAGES_AT_ONCE", AT_ONCE)
    network = network_with_layers(4, "ttfs", most_channels=3, most_side=3)
    images = random_images(4, network, MOST + 5)
    shown = []
    found = activity_of(network, images, progress=lambda *step: shown.append(step))
    assert found["images"] == MOST
    assert shown[0] == (AT_ONCE, MOST, "images")
    assert shown[-1] == (MOST, MOST, "images")
    times = infer(network, images[:MOST], trace=True).trace
    for layer in network.layers[:-1]:
        assert found[f"{layer.name}.histogram"].tolist() == np.bincount(
            times[f"{layer.name}.time"].ravel(), minlength=network.numbers.window + 1).tolist()


def test_file_has_the_same_arrays(tmp_path):
    network = network_with_layers(5, "ttfs")
    activity = activity_of(network, random_images(5, network, 2))
    write_activity(tmp_path, activity)
    with np.load(tmp_path / ACTIVITY) as found:
        assert set(found) == set(activity)
        assert all((found[key] == value).all() for key, value in activity.items())
