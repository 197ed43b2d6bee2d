"""Which weights of a layer are kept: by hand, and that lanes are even."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from algo.compression.structures import balanced, irregular

# Output channels 0 and 2 are on lane 0, 1 and 3 on lane 1. [out, in]
SCORE = torch.tensor([[5.0, 3.0], [1.0, 3.5], [2.0, 6.0], [4.0, 0.5]])
NONE = torch.zeros(4, 2, dtype=torch.bool)


def places(mask):
    return sorted(map(tuple, mask.nonzero().tolist()))


def test_irregular_keeps_the_best_single_weights():
    assert places(irregular(SCORE, NONE, 3)) == [(0, 0), (2, 1), (3, 0)]
    first = NONE.clone()
    first[1, 0] = True
    assert places(irregular(SCORE, first, 2)) == [(1, 0), (2, 1)]


def test_equal_scores_are_told_apart_by_position():
    assert places(irregular(torch.ones(4, 2), NONE, 2)) == [(0, 0), (0, 1)]


def test_balanced_keeps_slices():
    """Slices of input 0: (5, 4), (2, 1); of input 1: (6, 3.5), (3, 0.5).

    Their means are 4.5, 1.5, 4.75, 1.75: of five weights the last is one of the slice (3, 0.5).
    """
    kept = balanced(SCORE, NONE, 5, lanes=2)
    assert places(kept) == [(0, 0), (0, 1), (1, 1), (2, 1), (3, 0)]
    left = balanced(SCORE, kept, 3, lanes=2)        # the slice kept in part goes first
    assert places(left) == [(0, 0), (1, 1), (2, 1)]
    momentum = torch.tensor([[0.0, 9.0], [7.0, 0.0], [8.0, 0.0], [6.0, 9.0]])
    grown = balanced(momentum, left, 4, lanes=2)    # lane 1 of input 0 before anything else
    assert places(grown) == [(0, 0), (1, 0), (1, 1), (2, 1)]
    more = balanced(momentum, left, 6, lanes=2)     # then (9, 9) of input 1
    assert places(more) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (3, 1)]


def test_lanes_without_channels_are_left_out():
    """Three output channels on two lanes, and on four."""
    score = torch.tensor([[1.0], [2.0], [3.0]])
    first = torch.zeros(3, 1, dtype=torch.bool)
    assert places(balanced(score, first, 2, lanes=2)) == [(1, 0), (2, 0)]
    assert places(balanced(score, first, 3, lanes=2)) == [(0, 0), (1, 0), (2, 0)]
    assert places(balanced(score, first, 2, lanes=4)) == [(1, 0), (2, 0)]


CASES = st.tuples(st.integers(1, 9), st.integers(1, 5), st.sampled_from([(), (1, 1), (3, 3)]),
                  st.integers(1, 6), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1),
                  st.integers(0, 1 << 30))


@settings(max_examples=100, deadline=None)
@given(CASES)
def test_lanes_are_even_after_every_move(case):
    outputs, inputs, taps, lanes, *parts, seed = case
    generator = torch.Generator().manual_seed(seed)
    shape = (outputs, inputs, *taps)
    size = torch.Size(shape).numel()
    mask, counts = torch.zeros(shape, dtype=torch.bool), [int(part * size) for part in parts]
    for count in counts:
        found = balanced(torch.rand(shape, generator=generator), mask, count, lanes=lanes)
        assert found.count_nonzero() == count and found.shape == shape
        assert (found <= mask).all() if count < mask.count_nonzero() else (mask <= found).all()
        mask = found
        check_even(found, lanes)


def check_even(mask, lanes):
    """Lanes differ by at most one, but those that are full; and in one input channel only."""
    outputs, inputs = mask.shape[:2]
    flat = mask.reshape(outputs, inputs, -1)
    used = [lane for lane in range(lanes) if lane < outputs]
    counts = torch.stack([flat[lane::lanes].sum((0, 2)) for lane in used])      # (lane, in)
    room = torch.tensor([flat[lane::lanes, 0].numel() for lane in used])[:, None]
    is_open = counts < room
    uneven = 0
    for column in range(inputs):
        most = int(counts[:, column].max())
        behind = counts[is_open[:, column], column]
        assert not len(behind) or most - int(behind.min()) <= 1
        uneven += bool(len(behind)) and bool((behind < most).any())
    assert uneven <= 1
