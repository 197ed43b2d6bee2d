import math

import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW

from algo.neurons import Leaky
from algo.neurons.leaky import LEAST_THRESHOLD
from algo.training.optimiser import learning_rate, make_optimiser
from algo.training.stage import Stage


def stage(**settings):
    return Stage(**{"name": "a", "form": "relu", "epochs": 10, "optimiser": "sgd",
                    "learning_rate": 0.8, **settings})


def test_rate_is_half_a_cosine():
    rates = [learning_rate(stage(), epoch) for epoch in range(11)]
    assert rates == pytest.approx([0.4 * (1 + math.cos(math.pi * e / 10)) for e in range(11)])
    assert rates[0] == 0.8 and rates[5] == pytest.approx(0.4) and rates[10] == pytest.approx(0)


def test_rate_ends_at_the_final_rate():
    found = stage(final_rate=0.2)
    assert [learning_rate(found, epoch) for epoch in (0, 5, 10)] == pytest.approx([0.8, 0.5, 0.2])


def test_warm_up_is_a_line_from_zero():
    found = stage(warmup=4.0)
    assert [learning_rate(found, epoch) for epoch in (0, 1, 3, 4, 7, 10)] == pytest.approx(
        [0, 0.2, 0.6, 0.8, 0.4, 0])


def test_a_stage_may_be_all_warm_up():
    found = stage(warmup=10.0)
    assert learning_rate(found, 9.99) == pytest.approx(0.7992)
    assert math.isfinite(learning_rate(found, 10))


@pytest.mark.parametrize(("name", "kind"), [("sgd", SGD), ("adamw", AdamW)])
def test_what_is_frozen_is_not_optimised(name, kind):
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1).requires_grad_(False))
    optimiser = make_optimiser(stage(optimiser=name, weight_decay=0.1), model)
    assert type(optimiser) is kind
    group, = optimiser.param_groups
    assert [id(p) for p in group["params"]] == [id(p) for p in model[0].parameters()]
    assert group["weight_decay"] == 0.1


@pytest.mark.parametrize(("name", "kind"), [("sgd", SGD), ("adamw", AdamW)])
def test_thresholds_and_leaks_do_not_decay_and_have_a_rate_of_their_own(name, kind):
    model = nn.Sequential(nn.Linear(2, 3), Leaky(1), nn.Linear(3, 1))
    optimiser = make_optimiser(stage(optimiser=name, weight_decay=0.1), model, neuron_rate=0.3)
    assert type(optimiser) is kind
    weights, neurons = optimiser.param_groups
    assert {id(p) for p in neurons["params"]} == {id(p) for p in model[1].parameters()}
    assert len(weights["params"]) == 4
    assert (weights["rate"], weights["weight_decay"]) == (1, 0.1)
    assert (neurons["rate"], neurons["weight_decay"]) == (0.3, 0)


def test_after_a_step_thresholds_and_leaks_are_in_their_range():
    model = nn.Sequential(Leaky(1))
    optimiser = make_optimiser(stage(learning_rate=1.0), model)
    model[0].threshold.grad, model[0].leak.grad = torch.ones(1), -torch.ones(1)
    optimiser.step()
    assert model[0].threshold.item() == LEAST_THRESHOLD and model[0].leak.item() == 1


def test_sgd_step_by_hand():
    """Nesterov: v ← 0.9·v + g, w ← w − η·(g + 0.9·v), with g = gradient + λ·w."""
    weight = nn.Parameter(torch.tensor([2.0], dtype=torch.float64))
    model = nn.Module()
    model.weight = weight
    optimiser = make_optimiser(stage(learning_rate=0.1, weight_decay=0.5), model)
    w, v = 2.0, 0.0
    for gradient in (1.0, -0.5, 0.25):
        weight.grad = torch.tensor([gradient], dtype=torch.float64)
        optimiser.step()
        g = gradient + 0.5 * w
        v = 0.9 * v + g
        w -= 0.1 * (g + 0.9 * v)
        assert weight.item() == pytest.approx(w)
