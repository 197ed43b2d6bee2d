"""Integer budgets: exact sums, within their limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algo.compression.budgets import initial_counts, shared_out, weights_to_drop, whole_budget

LAYERS = st.lists(st.tuples(st.integers(0, 10_000), st.floats(0, 1e6)), min_size=1, max_size=9)


@pytest.mark.parametrize(("count", "shares", "room", "expected"), [
    (10, [1, 1, 2], [10, 10, 10], [3, 2, 5]),       # 2.5, 2.5, 5: the first of equal remainders
    (3, [3, 1], [4, 3], [2, 1]),                    # 2.25, 0.75
    (10, [1, 1, 8], [10, 10, 4], [3, 3, 4]),        # 8 do not fit; 6 are left for the others
    (7, [0, 0], [5, 5], [4, 3]),
    (5, [0, 1], [5, 2], [3, 2]),                    # what a share of 0 must take after all
    (0, [1, 1], [0, 0], [0, 0])])
def test_shares_by_hand(count, shares, room, expected):
    assert shared_out(count, shares, room) == expected


@given(LAYERS, st.floats(0, 1))
def test_shares_are_exact_and_fit(layers, part):
    room, shares = [size for size, _ in layers], [share for _, share in layers]
    count = int(part * sum(room))
    found = shared_out(count, shares, room)
    assert sum(found) == count
    assert all(0 <= own <= most for own, most in zip(found, room, strict=True))


def test_more_than_there_is_room_for_is_refused():
    with pytest.raises(ValueError, match="the count to share out must be 0 to 5, not 6"):
        shared_out(6, [1, 1], [2, 3])


@pytest.mark.parametrize(("fraction", "kept", "expected"), [
    (0.5, 3, 2), (0.5, 4, 2), (0.1, 1, 0), (0.9, 2, 1), (0.0, 9, 0), (0.5, 0, 0)])
def test_one_weight_always_stays(fraction, kept, expected):
    assert weights_to_drop(fraction, kept) == expected


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=9), st.floats(0, 1))
def test_first_counts_are_exact_and_nearly_even(sizes, density):
    budget = max(len(sizes), whole_budget(density, sum(sizes)))
    found = initial_counts(budget, sizes)
    assert sum(found) == budget and all(1 <= own <= size for own, size
                                        in zip(found, sizes, strict=True))
    if sum(sizes) > len(sizes):
        even = (budget - len(sizes)) / (sum(sizes) - len(sizes))
        assert all(abs(own - 1 - even * (size - 1)) <= 1.001
                   for own, size in zip(found, sizes, strict=True))


def test_fewer_weights_than_layers_are_refused():
    with pytest.raises(ValueError, match="density must leave each of 3 layers a weight, not 2 in"):
        initial_counts(2, [5, 5, 5])
