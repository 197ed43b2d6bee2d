"""Whole networks: the first masks, and one move of each structure."""

import random
import re

import pytest
import torch
from torch import nn

from algo.compression.masks import Masks, prunable_weights
from algo.compression.rewiring import first_wiring, rewired
from algo.compression.settings import Compression
from algo.models import build

from .test_structures import check_even

SHAPE = (3, 16, 16)
NETWORKS = {"plain": {"channels": (6, 9, 12), "pools": (2, 1, 2)}, "resnet20": {"width": 0.4}}


def network(architecture="plain"):
    torch.manual_seed(2)
    return build(architecture, **NETWORKS[architecture], input_shape=SHAPE, classes=4)


@pytest.mark.parametrize("architecture", NETWORKS)
@pytest.mark.parametrize("structure", ["irregular", "balanced", "channel"])
@pytest.mark.parametrize("method", ["momentum", "random"])
def test_the_budget_holds_over_moves(architecture, structure, method):
    model = network(architecture)
    lanes = 4 if structure == "balanced" else 0
    settings = Compression(method=method, structure=structure, lanes=lanes, density=0.13)
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    generator = torch.Generator().manual_seed(seed)
    masks = Masks(model, by_channel=structure == "channel")
    total = sum(weight.numel() for weight in prunable_weights(model).values())
    masks.keep(first_wiring(settings, model, generator))
    for _ in range(3):
        kept = sum(int(mask.sum()) for mask in masks.tensors.values())
        assert kept == round(0.13 * total) if structure != "channel" else kept <= 0.13 * total
        if structure == "balanced":
            for mask in masks.tensors.values():
                check_even(mask.bool(), 4)
        momentum = {name: torch.randn(mask.shape, generator=generator)
                    for name, mask in masks.tensors.items()}
        left, moved = rewired(settings, model, masks.tensors, momentum, 0.3, generator)
        assert all((left[name] <= masks.tensors[name]).all() and (left[name] <= moved[name]).all()
                   for name in left)
        assert any(not torch.equal(moved[name], masks.tensors[name]) for name in left)
        masks.keep(left)
        masks.apply(model)
        masks.keep(moved)


def test_what_goes_is_smallest_and_what_comes_has_the_largest_momentum():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1, bias=False))
    settings = Compression(method="momentum", density=0.5)
    model[1].weight.data = torch.tensor([[0.1, -3.0, 0.0, 0.0]])
    masks = {"1": torch.tensor([[1.0, 1, 0, 0]])}
    momentum = {"1": torch.tensor([[0.2, 0.1, 0.5, -0.7]])}
    left, moved = rewired(settings, model, masks, momentum, 0.5, torch.Generator())
    assert left["1"].tolist() == [[0, 1, 0, 0]] and moved["1"].tolist() == [[0, 1, 0, 1]]


def test_random_masks_have_one_density_and_those_of_magnitudes_compete():
    model = network()
    with torch.no_grad():
        model.conv2.weight *= 100
    settings = Compression(method="momentum", density=0.2)
    even = first_wiring(settings, model, torch.Generator().manual_seed(0))
    assert all(abs(mask.mean() - 0.2) < 0.02 for mask in even.values() if mask.numel() > 100)
    best = first_wiring(settings, model)
    assert best["conv2"].mean() > 0.8 and sum(mask.sum() for mask in best.values()) == sum(
        mask.sum() for mask in even.values())
    assert best["conv3"].sum() >= 1


def test_channels_of_the_largest_filters_are_kept():
    model = network()
    with torch.no_grad():
        model.conv2.weight[4] *= 100
    masks = first_wiring(Compression(method="momentum", structure="channel", density=0.05), model)
    assert masks["conv2"][4].any() and masks["conv3"][:, 4].any()
    assert masks["conv2"].flatten(1).any(1).sum() < 9


def test_dense_layers_stay_whole():
    model = network()
    settings = Compression(method="momentum", density=0.1, dense=("first", "scores"))
    masks = first_wiring(settings, model, torch.Generator())
    assert masks["conv1"].all() and masks["scores"].all()
    pruned = masks["conv2"].numel() + masks["conv3"].numel()
    assert masks["conv2"].sum() + masks["conv3"].sum() == round(0.1 * pruned)


@pytest.mark.parametrize(("dense", "message"), [
    (("conv9",), "dense must name layers of the network (conv1, conv2, conv3, scores; first, last),"
                 " not 'conv9'"),
    (("conv1", "conv2", "conv3", "last"),
     "dense must leave a layer to prune, not ['conv1', 'conv2', 'conv3', 'last']")])
def test_dense_layers_that_do_not_fit_are_refused(dense, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        first_wiring(Compression(method="momentum", density=0.1, dense=dense), network())
