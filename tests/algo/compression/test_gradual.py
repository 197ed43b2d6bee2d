from itertools import pairwise

import pytest
import torch
from torch import nn

from algo.compression.gradual import density_at, smallest_removed
from algo.compression.masks import Masks


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(32, 5))


def test_ramp_falls_from_start_to_end():
    ramp = [density_at(step / 10, start=1, end=0.1) for step in range(-2, 15)]
    assert ramp[:3] == [1, 1, 1] and ramp[-5:] == [0.1] * 5
    assert all(later <= earlier for earlier, later in pairwise(ramp))


@pytest.mark.parametrize("scope", ["global", "layer"])
@pytest.mark.parametrize("density", [1.0, 0.5, 0.03])
def test_the_largest_are_kept(scope, density):
    weights = {"a": torch.randn(7, 5), "b": torch.randn(40, 3) * 3}
    masks = smallest_removed(weights, density, scope)
    for names in ([["a", "b"]] if scope == "global" else [["a"], ["b"]]):
        magnitude = torch.cat([weights[name].abs().flatten() for name in names])
        kept = torch.cat([masks[name].flatten() for name in names]).bool()
        assert kept.sum() == round(density * len(magnitude))
        assert kept.all() or magnitude[kept].min() >= magnitude[~kept].max()


def test_equal_magnitudes_are_told_apart_by_position():
    mask = smallest_removed({"a": torch.ones(4, 5)}, 0.5, "global")["a"]
    assert mask.flatten().tolist() == [1] * 10 + [0] * 10


def test_no_optimiser_step_revives_a_weight():
    network = model()
    masks = Masks(network)
    masks.prune(network, 0.3, "global")
    gone = {name: mask == 0 for name, mask in masks.tensors.items()}
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.1)
    for _ in range(5):
        network(torch.randn(6, 2, 4, 4)).square().sum().backward()
        optimiser.step()
        masks.apply(network)
    layers = dict(network.named_modules())
    for name, mask in gone.items():
        assert layers[name].weight[mask].eq(0).all() and layers[name].weight[~mask].ne(0).any()


def test_density_never_grows_and_what_is_gone_stays():
    network = model()
    masks = Masks(network)
    assert masks.density == 1
    masks.prune(network, 0.4, "global")
    first = {name: mask.clone() for name, mask in masks.tensors.items()}
    masks.prune(network, 0.9, "global")
    assert masks.density == pytest.approx(0.4, abs=0.01)
    masks.prune(network, 0.2, "global")
    assert masks.density == pytest.approx(0.2, abs=0.01)
    assert all((mask <= first[name]).all() for name, mask in masks.tensors.items())


def test_only_weights_of_conv_and_linear_layers_are_pruned():
    assert sorted(Masks(model()).tensors) == ["0", "3"]


def test_frozen_weights_are_not_pruned():
    network = model()
    network[0].weight.requires_grad_(False)
    masks = Masks(network)
    masks.prune(network, 0.1, "global")
    assert sorted(masks.tensors) == ["3"] and network[0].weight.ne(0).all()


def test_masks_hold_for_a_copy_without_gradients():
    network = model()
    masks = Masks(network)
    masks.prune(network, 0.5, "layer")
    copy = model().requires_grad_(False)
    masks.apply(copy)
    assert all(copy.get_submodule(name).weight[mask == 0].eq(0).all()
               for name, mask in masks.tensors.items())
