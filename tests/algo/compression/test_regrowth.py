"""One step of drop, redistribution and regrowth, worked out by hand."""

import math

import pytest
import torch

from algo.compression.regrowth import (
    drop_fraction,
    dropped,
    first_masks,
    mean_momentum,
    regrown,
)
from algo.compression.structures import irregular

WEIGHTS = {"a": torch.tensor([[4.0, -1.0, 3.0, 0.0, 0.0]]),
           "b": torch.tensor([[2.0, -5.0, 0.0, 0.0]])}
MASKS = {"a": torch.tensor([[1, 1, 1, 0, 0]]).bool(), "b": torch.tensor([[1, 1, 0, 0]]).bool()}
MOMENTUM = {"a": torch.tensor([[-3.0, 9.0, 1.0, 2.0, -7.0]]),
            "b": torch.tensor([[1.0, -1.0, 4.0, 6.0]])}


def ints(masks):
    return {name: mask.flatten().int().tolist() for name, mask in masks.items()}


def test_a_step_by_hand():
    """⌈3/2⌉ = 2 and ⌈2/2⌉ = 1 go, 3 come back; mean momenta 3 and 1 give a 2¼ → 2, b ¾ → 1."""
    left = dropped(WEIGHTS, MASKS, 0.5, irregular)
    assert ints(left) == {"a": [1, 0, 0, 0, 0], "b": [0, 1, 0, 0]}
    shares = mean_momentum(MOMENTUM, left)
    assert shares == [3, 1]
    scores = {name: momentum.abs() for name, momentum in MOMENTUM.items()}
    grown = regrown(scores, left, 3, shares, irregular)
    assert ints(grown) == {"a": [1, 1, 0, 0, 1], "b": [0, 1, 0, 1]}


def test_what_a_full_layer_cannot_take_goes_to_the_others():
    left = {"a": torch.tensor([[1, 1, 1, 1, 0]]).bool(), "b": torch.tensor([[0, 1, 0, 0]]).bool()}
    scores = {name: momentum.abs() for name, momentum in MOMENTUM.items()}
    grown = regrown(scores, left, 3, [1000.0, 0.0], irregular)
    assert ints(grown) == {"a": [1, 1, 1, 1, 1], "b": [0, 1, 1, 1]}


def test_fraction_falls_to_nothing():
    assert [drop_fraction(0.4, done, 2) for done in (0, 1, 2)] == pytest.approx([0.4, 0.2, 0])
    assert drop_fraction(0.5, 7, 7) == 0


def test_momentum_that_is_no_number_counts_nothing():
    momentum = {"a": torch.tensor([[math.nan, 1.0]])}
    assert mean_momentum(momentum, {"a": torch.tensor([[True, True]])}) == [0]


def test_first_masks_have_one_density_or_that_of_the_largest():
    scores = {"a": torch.arange(1.0, 9).reshape(2, 4), "b": torch.arange(20.0, 36).reshape(4, 4)}
    even = first_masks(scores, 0.25, irregular, compete=False)
    assert [int(mask.sum()) for mask in even.values()] == [2, 4]
    assert even["a"].flatten().nonzero().flatten().tolist() == [6, 7]
    best = first_masks(scores, 0.25, irregular, compete=True)
    assert [int(mask.sum()) for mask in best.values()] == [1, 5]    # one weight at least
