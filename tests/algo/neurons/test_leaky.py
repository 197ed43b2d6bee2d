"""Leaky integrate-and-fire: the recurrence and its gradients, by hand and against a plain loop."""

import pytest
import torch
from torch import nn

from algo.neurons import Leaky
from algo.neurons.leaky import LEAST_THRESHOLD, fired, in_range


def neurons(steps, *, threshold=1.0, leak=1.0, **options):
    found = Leaky(steps, **options)
    nn.init.constant_(found.threshold, threshold)
    nn.init.constant_(found.leak, leak)
    return found


def by_hand(sums, threshold, leak):
    """Return the spikes of sums [N, ...], the recurrence of the definition."""
    kept, spikes = torch.zeros_like(sums[0]), []
    for step in sums:
        potential = leak * kept + step
        spikes.append((potential >= threshold).float())
        kept = potential - threshold * spikes[-1]
    return torch.stack(spikes)


def test_two_steps_by_hand():
    """V_th = 1, λ = 1/2, inputs 1.2 and 0.3: U = 1.2 spikes, V = 0.2, U = 0.4 is silent.

    z = 0.2 and −0.6, so do/dz = 0.24 and 0.12. With L = 2·o1 + 5·o2: dL/dU2 = 5·0.12 = 0.6 and
    dL/dU1 = 2·0.24 + λ·0.6 = 0.78; dL/dλ = 0.6·V = 0.12; dL/dV_th = −2·0.24·1.2 − 5·0.12·0.4
    − λ·0.6 (what the reset subtracts) = −1.116.
    """
    lif, sums = neurons(2, leak=0.5), torch.tensor([[1.2], [0.3]], requires_grad=True)
    spikes = lif(sums)
    assert spikes.flatten().tolist() == [1, 0]
    (spikes * torch.tensor([[2.0], [5.0]])).sum().backward()
    assert sums.grad.flatten().tolist() == pytest.approx([0.78, 0.6])
    assert lif.leak.grad.item() == pytest.approx(0.12)
    assert lif.threshold.grad.item() == pytest.approx(-1.116)


def test_another_threshold_by_hand():
    """V_th = 2, λ = 1, inputs 1 and 2: U = 1 is silent, U = 3 spikes; nothing is reset between.

    z = −0.5 and 0.5, do/dU = 0.15 / 2; with L = o1 + o2, dL/dV_th = −0.15·1/4 − 0.15·3/4 = −0.15.
    """
    lif, sums = neurons(2, threshold=2.0), torch.tensor([[1.0], [2.0]], requires_grad=True)
    spikes = lif(sums)
    assert spikes.flatten().tolist() == [0, 1]
    spikes.sum().backward()
    assert sums.grad.flatten().tolist() == pytest.approx([0.15, 0.075])
    assert lif.threshold.grad.item() == pytest.approx(-0.15)
    assert lif.leak.grad.item() == pytest.approx(0.075 * 1)


def test_surrogate_is_a_triangle_of_the_relative_distance():
    potential = torch.tensor([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 9.0], requires_grad=True)
    spikes = fired(potential, torch.tensor([2.0]))
    assert spikes.tolist() == [0, 0, 0, 1, 1, 1, 1]                 # equality fires
    spikes.sum().backward()
    assert potential.grad.tolist() == pytest.approx([0, 0, 0.075, 0.15, 0.075, 0, 0])


@pytest.mark.parametrize(("steps", "threshold", "leak"), [(1, 1.0, 0.3), (2, 0.7, 1.0),
                                                         (5, 1.3, 0.6), (8, 0.5, 0.0)])
def test_is_the_recurrence(steps, threshold, leak):
    sums = torch.randn(steps, 3, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    found = neurons(steps, threshold=threshold, leak=leak)(sums.flatten(0, 1))
    assert torch.equal(found.unflatten(0, (steps, 3)), by_hand(sums, threshold, leak))


def test_an_image_is_the_same_at_each_step():
    sums = torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    first = neurons(4, leak=0.5, is_first=True)(sums)
    assert torch.equal(first, neurons(4, leak=0.5)(sums.repeat(4, 1, 1, 1)))
    assert not torch.equal(*first.unflatten(0, (4, 3))[:2])


def test_neurons_fire_before_pooling():
    """Two neurons take turns: pooled first, one neuron of their largest sums would fire once."""
    sums = torch.tensor([[0.6, 0.0], [0.0, 0.6], [0.6, 0.0], [0.0, 0.6]])[:, None, None, :]
    sums = torch.cat([sums, torch.zeros(4, 1, 1, 2)], 2)            # 2x2
    assert neurons(4, pool=2)(sums).flatten().tolist() == [0, 0, 1, 1]
    pooled = nn.functional.max_pool2d(sums, 2)
    assert neurons(4)(pooled).flatten().tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("side", [4, 5])
def test_a_window_spikes_if_any_of_it_does(side):
    sums = torch.randn(6, 3, side, side, generator=torch.Generator().manual_seed(0))
    unpooled = neurons(3, leak=0.8)(sums)
    assert torch.equal(neurons(3, leak=0.8, pool=2)(sums), nn.functional.max_pool2d(unpooled, 2))


def test_the_largest_of_a_window_gets_the_gradient():
    sums = torch.tensor([[[[0.1, 0.7], [0.2, 0.3]]]], requires_grad=True)
    neurons(1, pool=2)(sums).sum().backward()
    assert sums.grad.flatten().tolist() == pytest.approx([0, 0.3 * 0.7, 0, 0])


def test_bf16_keeps_its_type_and_its_spikes():
    sums = torch.randn(8, 3, 4, 4, generator=torch.Generator().manual_seed(0)).bfloat16()
    found = neurons(4, leak=0.8)(sums)
    assert found.dtype == torch.bfloat16
    assert torch.equal(found.float(), neurons(4, leak=0.8)(sums.float()))


def test_what_an_optimiser_moved_too_far_comes_back():
    model = nn.Sequential(neurons(2, threshold=-3.0, leak=1.5), neurons(2, leak=-0.1),
                          neurons(2, threshold=0.4, leak=0.9))
    in_range(model)
    assert [float(lif.threshold.detach()) for lif in model] == pytest.approx(
        [LEAST_THRESHOLD, 1, 0.4])
    assert [float(lif.leak.detach()) for lif in model] == pytest.approx([1, 0, 0.9])
