"""Masks of networks that become sparse by and by."""

import random

import pytest
import torch
from torch import nn

from algo.compression.masks import Masks, prunable_weights
from algo.compression.rewiring import first_wiring, rewired, thinned
from algo.compression.settings import Compression

from .test_rewiring import NETWORKS, network
from .test_structures import check_even

DENSITIES = (0.5, 0.3, 0.12, 0.05)


def test_the_density_falls_as_a_cubic_and_ends_before_the_training():
    settings = Compression(method="momentum", density=0.1, begin=0.9, until=0.5)
    found = [round(settings.at(progress).density, 3) for progress in (0, 0.25, 0.5, 1)]
    assert found == [0.9, 0.2, 0.1, 0.1] and not settings.at(0).begin
    constant = Compression(method="momentum", density=0.1)
    assert constant.at(0) is constant


@pytest.mark.parametrize("architecture", NETWORKS)
@pytest.mark.parametrize("structure", ["irregular", "balanced", "channel"])
@pytest.mark.parametrize("method", ["momentum", "random"])
def test_the_budget_holds_while_the_density_falls(architecture, structure, method):
    model, lanes = network(architecture), 4 if structure == "balanced" else 0
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    generator = torch.Generator().manual_seed(seed)
    masks = Masks(model, by_channel=structure == "channel")
    total = sum(weight.numel() for weight in prunable_weights(model).values())
    for density in DENSITIES:
        settings = Compression(method=method, structure=structure, lanes=lanes, density=density)
        before = {name: mask.clone() for name, mask in masks.tensors.items()}
        if density == DENSITIES[0]:
            masks.keep(first_wiring(settings, model))
        else:
            masks.keep(thinned(settings, model, masks.tensors, generator))
        masks.apply(model)
        assert all((masks.tensors[name] <= before[name]).all() for name in before)
        momentum = {name: torch.randn(mask.shape, generator=generator) for name, mask
                    in masks.tensors.items()}
        left, moved = rewired(settings, model, masks.tensors, momentum, 0.2, generator)
        for found in (masks.tensors, moved):
            kept = sum(int(mask.sum()) for mask in found.values())
            assert kept == round(density * total) if structure != "channel" else (
                0.5 * density * total < kept <= density * total)
            if structure == "balanced":
                for mask in found.values():
                    check_even(mask.bool(), lanes)
        masks.keep(left)
        masks.apply(model)
        masks.keep(moved)


def test_the_smallest_weights_of_all_layers_go_first():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1, bias=False), nn.Linear(1, 4, bias=False))
    model[1].weight.data = torch.tensor([[0.1, -3.0, 0.5, 0.0]])
    model[2].weight.data = torch.tensor([[0.2], [4.0], [0.0], [-0.3]])
    masks = {"1": torch.tensor([[1.0, 1, 1, 0]]), "2": torch.tensor([[1.0], [1], [0], [1]])}
    settings = Compression(method="magnitude", density=0.5)
    found = thinned(settings, model, masks, torch.Generator())
    assert found["1"].tolist() == [[0, 1, 1, 0]]
    assert found["2"].flatten().tolist() == [0, 1, 0, 1]


def test_random_pruning_does_not_look_at_weights():
    model = network()
    with torch.no_grad():
        model.conv2.weight *= 100
    masks = {name: torch.ones_like(weight) for name, weight in prunable_weights(model).items()}
    found = thinned(Compression(method="random", density=0.3), model, masks,
                    torch.Generator().manual_seed(1))
    assert all(abs(mask.mean() - 0.3) < 0.03 for mask in found.values() if mask.numel() > 400)
    assert thinned(Compression(method="magnitude", density=0.3), model, masks,
                   torch.Generator())["conv2"].mean() > 0.5


@pytest.mark.parametrize("structure", ["irregular", "balanced", "channel"])
def test_masks_that_are_thin_enough_stay(structure):
    model, lanes = network(), 4 if structure == "balanced" else 0
    thin = Compression(method="momentum", structure=structure, lanes=lanes, density=0.1)
    masks = first_wiring(thin, model)
    more = Compression(method="momentum", structure=structure, lanes=lanes, density=0.4)
    found = thinned(more, model, masks, torch.Generator())
    assert all(torch.equal(found[name], mask) for name, mask in masks.items())


def test_a_layer_with_few_weights_left_gets_none_back():
    model = nn.Sequential(nn.Linear(10, 10, bias=False), nn.Linear(10, 10, bias=False))
    first = torch.zeros(10, 10)
    first[3, 4] = 1
    masks = {"0": first, "1": torch.ones(10, 10)}
    for method in ("random", "magnitude"):
        found = thinned(Compression(method=method, density=0.25), model, masks,
                        torch.Generator().manual_seed(2))
        assert torch.equal(found["0"], first) and found["1"].sum() == 49
