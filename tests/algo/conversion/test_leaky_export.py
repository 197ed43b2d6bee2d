"""Leaky networks as integers: equal spike by spike, one scale per layer, and what is refused."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from algo.coding import input_table, pixel_values
from algo.conversion.leaky import layers_of_neurons
from algo.export import ExportError, export
from algo.golden import infer
from algo.models import build, in_form
from algo.neurons import Leaky, TimeCoded
from algo.neurons.leaky import neurons_of
from hw.network import NetworkError
from hw.network.validation import potential_bound
from hw.numbers import NumberFormat

NUMBERS = NumberFormat()
NETWORKS = {"plain": {"channels": (6, 8), "pools": (1, 2)}, "resnet20": {"width": 0.2}}


def logarithmic(architecture, steps, coding, seed=0, threshold=0.2, leak=0.77):
    """Return a network with log weights and statistics of its own, and its input table."""
    torch.manual_seed(seed)
    model = build(architecture, **NETWORKS[architecture], input_shape=(2, 12, 12), classes=5)
    for _ in range(20):
        model(torch.rand(8, 2, 12, 12))
    lif = in_form(model.eval(), "lif", NUMBERS, (2, 12, 12), steps=steps)
    for neurons in neurons_of(lif).values():
        nn.init.constant_(neurons.threshold, threshold)
        nn.init.constant_(neurons.leak, leak)
    table = input_table(coding, NUMBERS)
    return in_form(lif, "lif-log", NUMBERS, (2, 12, 12), steps=steps, table=table).eval(), table


@pytest.mark.parametrize("architecture", NETWORKS)
@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("coding", ["bits", "time", "greedy3"])
def test_every_spike_and_score_is_that_of_the_integers(architecture, steps, coding):
    model, table = logarithmic(architecture, steps, coding)
    network = export(model, input_shape=(2, 12, 12), coding=coding)
    assert (network.neuron, network.steps, network.numbers) == ("lif", steps, NUMBERS)
    images = np.random.default_rng(1).integers(0, 256, (8, 2, 12, 12), dtype=np.uint8)
    seen, names = {}, layers_of_neurons(model)
    for module, layer in names.items():
        model.get_submodule(module).register_forward_hook(
            lambda _, __, sent, layer=layer: seen.update({layer: sent}))
    with torch.no_grad():
        scores = model(pixel_values(table, NUMBERS)[torch.from_numpy(images).long()])
    found = infer(network, images, trace=True)
    for layer, sent in seen.items():
        times = torch.from_numpy(found.trace[f"{layer}.time"]).transpose(0, 1)
        assert torch.equal(sent.unflatten(0, (steps, -1)), (times == 0).float()), layer
    assert [layer.name for layer in network.layers[:-1]] == list(seen)
    assert all(0.005 < float(sent.mean()) < 0.995 for sent in seen.values())
    octaves = int(model.scores.scale_step[0]) // NUMBERS.steps_per_octave
    unit = 2.0 ** -(NUMBERS.product_bits + octaves)
    if architecture == "plain":
        assert torch.equal(scores, torch.from_numpy(found.scores) * unit)
    assert (scores.argmax(1).numpy() == found.predictions).all()


@pytest.mark.parametrize("architecture", NETWORKS)
def test_channels_of_a_layer_share_a_scale_of_whole_octaves(architecture):
    model, _ = logarithmic(architecture, 2, "bits")
    steps = {name: module.scale_step for name, module in model.named_modules()
             if hasattr(module, "codes")}
    assert all(len(set(found.tolist())) == 1 for found in steps.values())
    assert all(found[0] % NUMBERS.steps_per_octave == 0 for found in steps.values())
    assert len({int(found[0]) for found in steps.values()}) > 1


def test_state_does_not_depend_on_weights():
    trained, _ = logarithmic("resnet20", 2, "bits", seed=1)
    other, table = logarithmic("resnet20", 2, "bits", seed=2, threshold=0.9, leak=0.1)
    other.load_state_dict(trained.state_dict())
    images = pixel_values(table, NUMBERS)[torch.randint(256, (3, 2, 12, 12))]
    assert torch.equal(other(images), trained(images))


def layers(*neurons, weight=1.0):
    """Return 1x1 convs of one channel with neurons behind, and a linear layer, for 2x2 images."""
    parts = []
    for neuron in neurons:
        conv = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.constant_(conv.weight, weight)
        parts += [conv, *(neuron if isinstance(neuron, list) else [neuron])]
    side = 1 if any(isinstance(part, nn.MaxPool2d) for part in parts) else 4
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(side, 3))


def leaky(steps, *, threshold=0.75, leak=0.5):
    found = Leaky(steps)
    nn.init.constant_(found.threshold, threshold)
    nn.init.constant_(found.leak, leak)
    return found


def test_threshold_and_leak_by_hand():
    """The weight 1/2 is the largest code at the scale 1/2, and a unit is 2^−13."""
    network = export(layers(leaky(3), weight=0.5), input_shape=(1, 2, 2))
    layer = network.layers[0]
    assert layer.threshold_step is None and abs(layer.synapses[0].weight).item() == 1
    assert (layer.threshold, layer.leak) == (round(0.75 * 2 ** 13), 128)
    assert (network.layers[1].threshold, network.layers[1].leak) == (None, None)


def test_the_bound_over_all_steps_chooses_the_scale():
    """7,840 random weights that may add up 1, 8 or 32 times: coarser scales make them fit."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(160, 1, 7), Leaky(1), nn.Flatten(), nn.Linear(1, 2))
    nn.init.normal_(model[0].weight)
    numbers, thresholds = NumberFormat(potential_bits=27), []
    for steps in (1, 8, 32):
        model[1].steps = steps
        network = export(model, input_shape=(160, 7, 7), numbers=numbers)
        assert potential_bound(network, network.layers[0]).item() <= numbers.potential_max
        thresholds.append(network.layers[0].threshold)
    assert thresholds == [1024, 512, 256]           # of V_th = 1, in units of 2^−F of the scale
    with pytest.raises(NetworkError, match=r"^layer 0: channel 0 may reach a potential of \d+, "
                                           r"more than 8388607 \(potential_bits 24\)$"):
        export(model, input_shape=(160, 7, 7))


@pytest.mark.parametrize(("model", "message"), [
    (layers(leaky(2), TimeCoded(NUMBERS)),
     "3: all neurons of a network must be leaky of 2 steps, as the first ones, not time-coded"),
    (layers(TimeCoded(NUMBERS), leaky(2)),
     "3: all neurons of a network must be time-coded, as the first ones, not leaky of 2 steps"),
    (layers(leaky(2), leaky(3)), "3: all neurons of a network must be leaky of 2 steps, as the "
                                 "first ones, not leaky of 3 steps"),
    (layers([nn.MaxPool2d(2), leaky(2)]),
     "2: leaky neurons must fire before max pooling; put it behind them, or into their pool"),
    (layers(leaky(2, threshold=5000.0)),
     "0: its threshold of 5e+03 is too large for potentials of 24 bits")])
def test_what_no_leaky_network_can_hold_is_refused(model, message):
    with pytest.raises(ExportError, match=f"^{re.escape(message)}$"):
        export(model, input_shape=(1, 2, 2))


def test_pooling_behind_neurons_is_theirs():
    behind, own = layers([leaky(2), nn.MaxPool2d(2)]), layers(leaky(2))
    own[1].pool = 2
    own[-1] = behind[-1]
    networks = [export(model, input_shape=(1, 2, 2)) for model in (behind, own)]
    assert [network.layers[0].pool for network in networks] == [2, 2]
