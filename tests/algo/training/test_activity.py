"""The activity penalty: its value and gradient by hand, its fan-outs, and what it does."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from algo.data import load_split
from algo.export import export
from algo.models import build, in_form
from algo.neurons import TimeCoded
from algo.neurons.leaky import neurons_of
from algo.operations.counting import count_operations
from algo.operations.fan_out import dense_operations, fan_out
from algo.training.activity import _Cost, metered, spike_costs
from algo.training.train import train
from hw.numbers import NumberFormat

from .short import short_recipe

NUMBERS = NumberFormat()
# T = 24, τ = 4, δ = ½.
LAST_THRESHOLD = 2 ** (-23.5 / 4)


def small(pool: int = 1) -> nn.Sequential:
    """1x1 conv of weight 1 on a 2x2 map, and 2 scores of which only some weights are not 0."""
    model = nn.Sequential(nn.Conv2d(1, 1, 1), TimeCoded(NUMBERS), nn.MaxPool2d(pool), nn.Flatten(),
                          nn.Linear(4 // pool ** 2, 2))
    with torch.no_grad():
        model[0].weight.fill_(1)
        model[0].bias.zero_()
        model[4].weight.fill_(0.5)
    return model


def recipe_and_stage(weight: float = 1.0, reach: float = 16.0):
    recipe = short_recipe(f"activity.weight={weight}", f"activity.reach={reach}")
    return recipe, recipe.stages[2]


def test_value_and_gradient_by_hand():
    """Spikes of fan-out 2 and 1 of three, 4 + 8 dense operations; a ramp up to 16 thresholds.

    0.5 fires with fan-out 0; 0.01 is silent, 0.02 weak, 0.9 strong; only weak ones and those nearly
    so have a gradient: fan-out / 12 / ramp.
    """
    model, (recipe, stage) = small(), recipe_and_stage()
    with torch.no_grad():
        model[4].weight[:, 0] = 0
        model[4].weight[0, 1:3] = 0
    values = torch.tensor([[[[0.5, 0.01], [0.02, 0.9]]]], requires_grad=True)
    with metered(model, recipe, stage, (1, 2, 2)) as meter:
        model(values)
        share = meter.share(1)
    assert share.item() == pytest.approx((0 + 0 + 1 + 2) / 12)
    share.backward()
    ramp = 16 * LAST_THRESHOLD
    assert values.grad.flatten().tolist() == pytest.approx([0, 1 / 12 / ramp, 1 / 12 / ramp, 0])
    assert meter.means() == {"spikes": 3 / 4, "operations": pytest.approx(3 / 12)}


def test_spikes_are_pooled_before_they_are_sent():
    """Four neurons that fire are one spike of a 2x2 window, of fan-out 2 from 4 + 2."""
    model, (recipe, stage) = small(pool=2), recipe_and_stage()
    with metered(model, recipe, stage, (1, 2, 2)) as meter:
        model(torch.ones(3, 1, 2, 2))
        assert meter.share(3).item() == pytest.approx(2 / 6)
        model(torch.zeros(1, 1, 2, 2))
        assert meter.share(1).item() == 0
    assert meter.means()["spikes"] == 3 / 4


def test_the_ramp_begins_at_zero_and_ends_at_reach():
    potential = torch.tensor([-1.0, 1e-6, 0.9, 1.1, 3.0]) * 4 * LAST_THRESHOLD
    potential.requires_grad_()
    neuron = TimeCoded(NUMBERS)
    spikes = neuron.spikes(potential, neuron(potential), 4.0)
    assert spikes.tolist() == [0, 0, 1, 1, 1]
    spikes.sum().backward()
    slope = 1 / (4 * LAST_THRESHOLD)
    assert potential.grad.tolist() == pytest.approx([0, slope, slope, 0, 0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_cost_equals_a_plain_sum_in_any_layout(layout, dtype):
    """Of 300 images, more than are counted at once; costs are eighths, which bfloat16 holds."""
    torch.manual_seed(2)
    spikes = (torch.rand(300, 3, 2, 4) < 0.9).to(dtype).contiguous(memory_format=layout)
    spikes.requires_grad_()
    cost = torch.randint(8, (3, 2, 4)) / 8
    found, count = _Cost.apply(spikes, cost)
    assert found.item() == (spikes.double() * cost).sum() and count == spikes.double().sum()
    (4 * found).backward()
    assert torch.equal(spikes.grad.float(), (4 * cost).expand(300, 3, 2, 4))


def test_cost_of_neurons_without_a_map():
    found, count = _Cost.apply(torch.tensor([[1.0, 0.0], [1.0, 1.0]]),
                               torch.tensor([[[2.0]], [[3.0]]]))
    assert (found, count) == (7, 3)


@pytest.mark.parametrize("off", ["weight", "form"])
def test_without_a_penalty_nothing_is_measured(off):
    recipe, stage = recipe_and_stage(0.0 if off == "weight" else 1.0)
    model = small()
    with metered(model, recipe, recipe.stages[0] if off == "form" else stage, (1, 2, 2)) as meter:
        assert meter is None and not model[1]._forward_hooks
    assert not model[1]._forward_hooks


def test_hooks_are_gone_afterwards():
    model = small()
    with metered(model, *recipe_and_stage(), (1, 2, 2)):
        assert len(model[1]._forward_hooks) == 1
    assert not model[1]._forward_hooks


@pytest.mark.parametrize("form", ["lif", "lif-log"])
def test_spikes_of_leaky_neurons_count_at_each_step(form):
    torch.manual_seed(3)
    shape, recipe = (1, 8, 8), short_recipe("activity.weight=1.0")
    model = build("plain", channels=(3, 4), pools=(1, 2), input_shape=shape, classes=3)
    model = in_form(model, "lif", NUMBERS, shape, steps=2, norms="folded")
    model = in_form(model, form, NUMBERS, shape, steps=2)
    for neurons in neurons_of(model).values():
        neurons.threshold.data.fill_(0.2)
    stage = replace(recipe.stages[2], form=form, steps=2)
    costs = spike_costs(model, shape, NUMBERS)
    sent = {}
    for name in costs:
        model.get_submodule(name).register_forward_hook(
            lambda _, __, spikes, name=name: sent.update({name: spikes.detach()}))
    with metered(model, recipe, stage, shape) as meter:
        model(torch.rand(5, *shape))
        share = meter.share(5)
    assert {len(spikes) for spikes in sent.values()} == {2 * 5}
    wanted = sum((sent[name] * cost).sum() for name, cost in costs.items()) / 5
    assert 0 < share.item() == pytest.approx(wanted.item(), rel=1e-5)
    share.backward()
    assert model.conv1.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("architecture", ["plain", "vgg11", "resnet20"])
def test_fan_outs_are_those_of_the_exported_network(architecture):
    """Log weights of which a third is masked: padding, stride 2, skip paths, average pooling."""
    torch.manual_seed(5)
    options = {"channels": (3, 4), "pools": (1, 2)} if architecture == "plain" else {"width": 0.1}
    side = 32 if architecture == "vgg11" else 8
    shape = (2, side, side)
    model = build(architecture, **options, input_shape=shape, classes=3).eval()
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.weight.data *= torch.rand_like(module.weight) > 0.33
    for form in ("clip", "time", "log"):
        model = in_form(model, form, NUMBERS, shape)
    network = export(model, input_shape=shape, numbers=NUMBERS)
    found = spike_costs(model, shape, NUMBERS)
    groups = [group for layer in network.layers for group in layer.synapses]
    dense = sum(dense_operations(group, network.spike_shapes[group.source]) for group in groups)
    assert len(found) == len(network.layers) - 1 > 1
    for layer, cost in zip(network.layers, found.values(), strict=False):
        shape = network.spike_shapes[layer.name]
        expected = sum(fan_out(group.weight != 0, shape, kind=group.kind, stride=group.stride,
                               padding=group.padding)
                       for group in groups if group.source == layer.name)
        assert np.array_equal((cost.double() * dense).round().numpy(), expected), layer.name


def operations_after(folder, *overrides: str) -> tuple[float, list[dict]]:
    """Return the synaptic operations of an image behind the first layer, and the log."""
    result = train(short_recipe("stages.time.epochs=8", *overrides), folder, test=False)
    images = load_split("digits:validation").images[:50]
    found = count_operations(result.network, images, threads=1)
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return float((found.total - found.operations["conv1"].sum(axis=1)).mean()), log


def test_a_training_with_the_penalty_does_less(tmp_path):
    without, plain = operations_after(tmp_path / "without")
    penalised, log = operations_after(tmp_path / "with", "activity.weight=100")
    print(f"{without:.0f} and {penalised:.0f} synaptic operations")
    assert penalised < 0.75 * without
    assert not any("spikes" in entry for entry in plain)
    spikes = [entry.get("spikes") for entry in log]
    assert spikes[:3] == [None] * 3 and 0 < spikes[-1] < spikes[3] < 1
    assert log[-1]["operations"] < log[3]["operations"]
