"""Masks: nothing revives a weight that is gone, and one that comes back starts anew."""

import pytest
import torch
from torch import nn

from algo.compression.masks import Masks
from algo.compression.momentum import Momentum


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3))


OPTIMISERS = {"sgd": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True,
                                               weight_decay=1e-2),
              "adamw": lambda p: torch.optim.AdamW(p, lr=0.1)}


def step(network, masks, optimiser, momentum=None):
    optimiser.zero_grad()
    network(torch.randn(5, 2, 4, 4)).square().mean().backward()
    if momentum:
        momentum.follow(network)
    masks.hide_gradients(network)
    optimiser.step()
    masks.apply(network)


def halves(masks, seed):
    generator = torch.Generator().manual_seed(seed)
    return {name: (torch.rand(mask.shape, generator=generator) < 0.5).float()
            for name, mask in masks.tensors.items()}


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_a_weight_that_comes_back_has_no_past(kind):
    network = model()
    masks, optimiser = Masks(network), OPTIMISERS[kind](network.parameters())
    momentum = Momentum(network, list(masks.tensors))
    for _ in range(3):                              # dense: the optimiser gathers all
        step(network, masks, optimiser)
    masks.keep(halves(masks, 1))
    masks.apply(network)
    masks.forget(network, optimiser)
    for _ in range(3):
        step(network, masks, optimiser, momentum)
    for name, mask in masks.tensors.items():
        weight = network.get_submodule(name).weight
        assert weight[mask == 0].eq(0).all() and weight[mask == 1].ne(0).any()
        assert momentum.tensors[name][mask == 0].ne(0).any()    # but its gradient is known
        states = [state for state in optimiser.state[weight].values() if state.shape == mask.shape]
        assert states and all(state[mask == 0].eq(0).all() for state in states)
    masks.keep({name: torch.ones_like(mask) for name, mask in masks.tensors.items()})
    before = {name: network.get_submodule(name).weight.clone() for name in masks.tensors}
    optimiser.zero_grad()
    network(torch.zeros(1, 2, 4, 4)).sum().mul(0).backward()    # a step without any gradient
    gone = {name: weight == 0 for name, weight in before.items()}
    optimiser.step()
    assert all(network.get_submodule(name).weight[gone[name]].eq(0).all() for name in gone)


def test_momentum_is_an_average_of_dense_gradients():
    network = nn.Sequential(nn.Linear(2, 1, bias=False))
    momentum = Momentum(network, ["0"])
    for gradient in ([1.0, -2.0], [3.0, 0.0]):
        network[0].weight.grad = torch.tensor([gradient])
        momentum.follow(network)
    assert momentum.tensors["0"].tolist() == [pytest.approx([0.09 + 0.3, -0.18])]


def test_a_channel_that_nothing_reads_keeps_its_filter_and_counts_nothing():
    network = model()
    masks = Masks(network, by_channel=True)
    filters = network[0].weight.detach().clone()
    reads = torch.ones(3, 4, 4)
    reads[:, 1] = 0                                 # channel 1 of four, 2x2 positions
    conv = torch.ones(4, 2, 3, 3)
    conv[1] = 0
    masks.keep({"0": conv, "3": reads.reshape(3, 16)})
    masks.apply(network)
    assert torch.equal(network[0].weight, filters)
    assert network[3].weight.reshape(3, 4, 4)[:, 1].eq(0).all()
    assert masks.density == (54 + 36) / (72 + 48)
    network(torch.randn(5, 2, 4, 4)).square().sum().backward()
    assert network[0].weight.grad[1].eq(0).all()
    assert network[3].weight.grad.reshape(3, 4, 4)[:, 1].ne(0).any()
