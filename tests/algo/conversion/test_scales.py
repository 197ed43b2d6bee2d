import itertools

import pytest
import torch

from algo.conversion.codes import decode, encode, whole_bias
from algo.conversion.scales import choose_scales, scale_steps
from hw.numbers import NumberFormat

FORMATS = [NumberFormat(), NumberFormat(weight_bits=3), NumberFormat(weight_bits=2),
           NumberFormat(steps_per_octave=8, weight_steps_per_octave=4, weight_bits=6)]


def drawn(shape, seed):
    print(f"seed {seed}")
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def error(weight, steps, numbers):
    """Return the squared error [out] of codes at these scales."""
    decoded = decode(encode(weight, steps, numbers), steps, numbers)
    return (decoded - weight).double().square().flatten(1).sum(1)


@pytest.mark.parametrize("numbers", FORMATS)
def test_scales_are_those_of_least_error(numbers):
    weight = drawn((8, 4, 3, 3), 2) * torch.logspace(-2, 1, 8).reshape(-1, 1, 1, 1)
    chosen = scale_steps(weight, torch.zeros(8), numbers)
    least = error(weight, chosen, numbers)
    for shift in range(-3 * numbers.steps_per_octave, 3 * numbers.steps_per_octave):
        assert (least <= error(weight, chosen + shift, numbers) * 1.0001).all()


def test_scale_follows_the_weights_by_whole_steps():
    numbers, weight = NumberFormat(), drawn((4, 30), 3)
    steps = scale_steps(weight, torch.zeros(4), numbers)
    assert torch.equal(scale_steps(weight / 2, torch.zeros(4), numbers), steps + 4)


def test_shared_scale_is_one_scale():
    weight = drawn((4, 30), 4)
    weight[0] *= 0.1
    assert len(set(scale_steps(weight, torch.zeros(4), NumberFormat(), shared=True).tolist())) == 1
    assert len(set(scale_steps(weight, torch.zeros(4), NumberFormat()).tolist())) > 1


def test_channel_without_weights_takes_the_scale_of_its_bias():
    numbers, bias = NumberFormat(), torch.tensor([0.3, -0.02, 0.0])
    steps = scale_steps(torch.zeros(3, 9), bias, numbers)
    whole = whole_bias(bias, steps, numbers)
    assert whole[2] == 0
    assert ((whole[:2].abs() > 3400) & (whole[:2].abs() < 4900)).all()


def test_large_bias_raises_the_scale():
    numbers = NumberFormat()
    steps = scale_steps(torch.full((1, 4), 1e-4), torch.tensor([3.0]), numbers)
    assert 0 < whole_bias(torch.tensor([3.0]), steps, numbers) < numbers.potential_max // 8


@pytest.mark.parametrize("numbers", FORMATS)
def test_two_groups_share_scales_and_have_the_best_offset(numbers):
    """Against trying everything."""
    first, second = drawn((5, 12), 5), drawn((5, 7), 6) / 50
    steps, offsets = choose_scales([first, second], torch.zeros(5), numbers, exact=(False, False))
    assert offsets[0] == 0 and offsets[1] > numbers.steps_per_octave
    found = error(first, steps, numbers) + error(second, steps + offsets[1], numbers)
    around = range(-2 * numbers.steps_per_octave, 2 * numbers.steps_per_octave + 1)
    least = min(
        float(torch.stack([error(first, steps + shift, numbers)
                           + error(second, steps + shift + offset, numbers)
                           for shift in around]).amin(0).sum())
        for offset in (offsets[1] + change for change in around))
    assert float(found.sum()) <= least * 1.0001


@pytest.mark.parametrize("numbers", FORMATS)
def test_beside_an_identity_scales_are_on_its_grid(numbers):
    """Against trying every offset and every code of the identity."""
    identity, conv = torch.eye(5), drawn((5, 12), 7) * torch.logspace(-1.5, 0.5, 5)[:, None]
    steps, offsets = choose_scales([conv, identity], torch.zeros(5), numbers, exact=(False, True))
    assert offsets[1] == 0
    assert torch.equal(decode(encode(identity, steps, numbers), steps, numbers).round(decimals=6),
                       identity)
    grid = [-numbers.weight_stride * q for q in range(numbers.largest_code)]
    assert set(steps.tolist()) <= set(grid)
    found = float(error(conv, steps + offsets[0], numbers).sum())
    least = min(
        float(torch.stack([error(conv, torch.full((5,), step + offset), numbers)
                           for step in grid]).amin(0).sum())
        for offset in range(64))
    assert found <= least * 1.001


def test_a_coarse_unit_keeps_an_identity_at_its_finest():
    """With few fraction bits, truncated products cost more than a better scale would save."""
    conv = drawn((5, 12), 8) * torch.logspace(-2, 0.5, 5)[:, None]
    steps = {bits: choose_scales([conv, torch.eye(5)], torch.zeros(5),
                                 NumberFormat(product_bits=bits), exact=(False, True))[0]
             for bits in (4, 20)}
    assert steps[4].sum() > steps[20].sum()


def test_channels_without_an_identity_are_free():
    frozen = torch.zeros(4, 3)
    frozen[1:] = torch.eye(3)
    conv = drawn((4, 50), 9) * torch.tensor([0.01, 0.3, 0.3, 0.3])[:, None]
    steps, offsets = choose_scales([conv, frozen], torch.zeros(4), NumberFormat(),
                                   exact=(False, True))
    assert steps[0] > 8 and (steps[1:] <= 0).all()
    alone = scale_steps(conv, torch.zeros(4), NumberFormat())
    assert torch.equal(steps[0] + offsets[0], alone[0])


def test_only_an_identity():
    steps, offsets = choose_scales([torch.eye(3)], torch.zeros(3), NumberFormat(), exact=(True,))
    assert steps.tolist() == [0, 0, 0] and offsets == [0]


def test_three_groups():
    groups = [drawn((6, 20), seed) / scale for seed, scale in ((1, 1), (2, 10), (3, 300))]
    steps, offsets = choose_scales(groups, torch.zeros(6), NumberFormat(), exact=(False,) * 3)
    assert min(offsets) == 0 and offsets[0] < offsets[1] < offsets[2]
    for group, offset in itertools.zip_longest(groups, offsets):
        alone = error(group, scale_steps(group, torch.zeros(6), NumberFormat()), NumberFormat())
        assert error(group, steps + offset, NumberFormat()).sum() < 3 * alone.sum()


def test_a_wide_layer_takes_a_coarser_unit_rather_than_overflow():
    numbers = NumberFormat()
    weight = drawn((3, 20_000), 10)
    weight[1] *= 0.01
    steps = scale_steps(weight, torch.zeros(3), numbers)
    reach = weight.abs().sum(1) * 2.0 ** (numbers.product_bits + steps / numbers.steps_per_octave)
    assert (reach < numbers.potential_max).all() and (reach > numbers.potential_max / 2).all()
    free = scale_steps(weight, torch.zeros(3), NumberFormat(potential_bits=32))
    assert (free > steps).all()
    assert (error(weight, steps, numbers) < 0.1 * weight.square().sum(1)).all()
