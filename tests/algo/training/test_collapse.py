"""Spikes that vanish are noticed: counts by hand, and the line that says where."""

import re

import pytest
import torch
from torch import nn

from algo.conversion.leaky import to_leaky
from algo.neurons import TimeCoded
from algo.training.collapse import LEAST_RATE, SpikeCount, check_spikes, counted_spikes
from algo.training.stage import Stage
from hw.numbers import NumberFormat


def stage(**settings):
    return Stage(**{"name": "one", "form": "lif", "epochs": 1, "optimiser": "sgd",
                    "learning_rate": 0.1, "steps": 3, **settings})


def layers(neuron):
    conv = nn.Conv2d(1, 1, 1, bias=False)
    nn.init.ones_(conv.weight)
    return nn.Sequential(conv, neuron, nn.Flatten(), nn.Linear(4, 2))


IMAGE = torch.tensor([1.0, 0.5, 0.25, -1.0]).reshape(1, 1, 2, 2)


def test_leaky_spikes_by_hand():
    """Threshold 1, three steps: 1 spikes at each, 1/2 at the second, the others never."""
    model = to_leaky(layers(nn.ReLU()), 3)
    with counted_spikes(model) as count:
        model(IMAGE)
        model(IMAGE.repeat(2, 1, 1, 1))
    assert count.by_layer() == {"0": 1.0} and count.mean() == 1.0
    model(IMAGE)
    assert count.neurons == {"0": 12}               # nothing is counted outside the block


def test_time_coded_spikes_by_hand():
    model = layers(TimeCoded(NumberFormat(window=6)))
    with counted_spikes(model) as count:
        model(IMAGE)
    assert count.by_layer() == {"0": 0.5}


def test_no_neurons_no_spikes():
    with counted_spikes(nn.Sequential(nn.Linear(2, 2), nn.ReLU())) as count:
        pass
    check_spikes(stage(), 1, count)
    assert count.mean() == 0


@pytest.mark.parametrize(("settings", "advice"), [
    ({}, "more steps"), ({"form": "time", "steps": 0}, "a longer window")])
def test_a_layer_that_is_silent_ends_the_training_in_one_line(settings, advice):
    count = SpikeCount()
    for layer, spikes in [("conv1", 5000), ("conv2", 0)]:
        sent = torch.zeros(10_000)
        sent[:spikes] = 1
        count.add(layer, sent, 1)
    message = ("stages.one: the spikes of layer conv2 have vanished after epoch 4 (0 per neuron, "
               f"fewer than 0.0001); put a stage with {advice} before it, or choose a smaller "
               "learning_rate")
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_spikes(stage(**settings), 4, count)


def test_the_floor_itself_is_enough():
    count = SpikeCount()
    count.add("conv1", torch.eye(100), 1)           # 100 of 10,000
    check_spikes(stage(), 1, count)
    count.neurons["conv1"] = round(100 / LEAST_RATE)
    check_spikes(stage(), 1, count)
    count.neurons["conv1"] += 1
    with pytest.raises(ValueError, match="conv1 have vanished"):
        check_spikes(stage(), 1, count)
