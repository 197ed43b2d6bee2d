"""Whole channels: what belongs together, what it costs, and a step by hand."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from algo.compression.channels import (
    channels_of,
    drop_channels,
    first_channels,
    grow_channels,
)
from algo.models import FORMS, build, in_form
from hw.numbers import NumberFormat

SHAPE = (3, 16, 16)


def two_convs():
    """Weights k₁ + k₁·k₂ + 2·k₂ of k₁ ≤ 3 and k₂ ≤ 4 channels: 23 at most."""
    return nn.Sequential(nn.Conv2d(1, 3, 1), nn.ReLU(), nn.Conv2d(3, 4, 1), nn.ReLU(),
                         nn.Flatten(), nn.Linear(4, 2))


def bools(*values):
    return torch.tensor(values).bool()


def test_a_chain_has_a_group_for_each_layer():
    found = channels_of(two_convs())
    assert found.sizes == (1, 3, 4, 2) and found.free == (1, 2)
    assert found.writes == {"0": 1, "2": 2, "5": 3} and found.reads == {"0": 0, "2": 1, "5": 2}
    assert found.count((1, 3, 4, 2)) == 23 and found.count((1, 2, 1, 2)) == 2 + 2 + 2
    assert channels_of(two_convs(), ["0"]).free == (2,)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_added_shares_its_channels(form):
    """ResNet-20: stem and three blocks of a stage, and the skip path of the next one."""
    model = build("resnet20", width=0.25, input_shape=SHAPE, classes=3)
    for other in FORMS[:FORMS.index(form) + 1]:
        model = in_form(model, other, NumberFormat(), SHAPE)
    found = channels_of(model)
    for stage, first in (1, "conv"), (2, "block2_1.skip.conv"), (3, "block3_1.skip.conv"):
        names = [first, *(f"block{stage}_{block}.conv2" for block in (1, 2, 3))]
        assert len({found.writes[name] for name in names}) == 1
    assert found.reads["scores"] == found.writes["block3_1.conv2"]
    assert len(found.free) == 3 + 9 and len(found.sizes) == 3 + 9 + 2
    assert found.count(found.sizes) == sum(
        layer.weight.numel() for layer in model.modules()
        if isinstance(layer, nn.Conv2d | nn.Linear))
    assert len(found.norms) == (0 if form == "log" else 21)


def test_a_step_by_hand():
    """⌈½ · 3⌉ = 2 of the first group go, ⌈½ · 2⌉ = 1 of the second; 1 + 1 + 2 = 4 weights are left.

    With shares 1 and 3 the first channel goes to the second group (3/1 to 1/1: 1 + 2 + 4 = 7
    weights), the next to the first group (equal, 3/3 and 1/1: 2 + 4 + 4 = 10), the third to the
    second one (3/3 to 1/3: 2 + 6 + 6 = 14): full.
    """
    channels = channels_of(two_convs())
    kept = [bools(1), bools(1, 1, 1), bools(1, 0, 1, 0), bools(1, 1)]
    norms = [torch.zeros(1), torch.tensor([2.0, 9.0, 1.0]), torch.tensor([5.0, 7.0, 4.0, 7.0]),
             torch.zeros(2)]
    left = drop_channels(channels, kept, norms, 0.5)
    assert [own.int().tolist() for own in left] == [[1], [0, 1, 0], [1, 0, 0, 0], [1, 1]]
    scores = [torch.zeros(1), torch.tensor([1.0, 0.0, 2.0]), torch.tensor([0.0, 1.0, 5.0, 3.0]),
              torch.zeros(2)]
    grown = grow_channels(channels, left, scores, [0, 1.0, 3.0, 0], 14)
    assert [own.int().tolist() for own in grown] == [[1], [0, 1, 1], [1, 0, 1, 1], [1, 1]]


def test_channels_are_shared_out_by_webster():
    """Shares 2 and 5: the second group gets one (5 to 2), then the first one (2 to 5/3)."""
    channels = channels_of(two_convs())
    kept = [bools(1), bools(1, 0, 0), bools(1, 0, 0, 0), bools(1, 1)]
    scores = [torch.rand(size) for size in channels.sizes]
    grown = grow_channels(channels, kept, scores, [0, 2.0, 5.0, 0], 10)
    assert [int(own.sum()) for own in grown] == [1, 2, 2, 2]


def test_masks_are_those_of_what_exists():
    channels = channels_of(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3)))
    kept = [bools(1), bools(0, 1), bools(1, 1, 1)]
    masks = channels.masks(kept)
    assert masks["0"].flatten(1).any(1).tolist() == [False, True] and masks["0"][1].all()
    assert masks["2"].int().tolist() == [[0, 0, 0, 0, 1, 1, 1, 1]] * 3
    assert all(torch.equal(one, other) for one, other in
               zip(channels.kept(masks), kept, strict=True))


NETWORKS = {"plain": {"channels": (5, 9, 4, 7), "pools": (2, 1, 2, 1)}, "resnet20": {"width": 0.4}}


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(sorted(NETWORKS)), st.floats(0.15, 0.95), st.integers(0, 1 << 30))
def test_no_channel_more_would_fit(architecture, density, seed):
    channels = channels_of(build(architecture, **NETWORKS[architecture], input_shape=SHAPE,
                                 classes=5))
    generator = torch.Generator().manual_seed(seed)
    budget = round(density * channels.count(channels.sizes))

    def scores():
        return [torch.rand(size, generator=generator) for size in channels.sizes]

    kept = first_channels(channels, scores(), budget)
    check_full(channels, kept, budget)
    left = drop_channels(channels, kept, scores(), 0.4)
    shares = torch.rand(len(kept), generator=generator).tolist()
    grown = grow_channels(channels, left, scores(), shares, budget)
    check_full(channels, grown, budget)
    assert all((one <= other).all() for one, other in zip(left, grown, strict=True))


def check_full(channels, kept, budget):
    counts = [int(own.count_nonzero()) for own in kept]
    assert all(counts) and channels.count(counts) <= budget
    assert channels.count(counts) == sum(int(mask.count_nonzero())
                                         for mask in channels.masks(kept).values())
    for group in channels.free:
        more = [count + (index == group) for index, count in enumerate(counts)]
        assert counts[group] == channels.sizes[group] or channels.count(more) > budget


def test_too_small_a_budget_is_refused():
    channels = channels_of(two_convs())
    scores = [torch.rand(size) for size in channels.sizes]
    with pytest.raises(ValueError, match="at least the 4 weights of one channel in each layer, "
                                         "not 3"):
        first_channels(channels, scores, 3)


def test_a_conv_of_groups_is_refused():
    with pytest.raises(ValueError, match=r"^0: channels can be pruned only where a conv"):
        channels_of(nn.Sequential(nn.Conv2d(4, 4, 3, groups=2), nn.ReLU(), nn.Conv2d(4, 2, 1)))
