"""Orders of channels: permutations that even out the lanes, and only if they do."""

from itertools import permutations
from time import process_time

import numpy as np
import pytest

from hw.compiler.balance import busiest_load, channel_order
from tests.full_size.masks import balanced_mask


def counts_of(seed: int, outputs: int, inputs: int, density: float) -> np.ndarray:
    return np.random.default_rng(seed).binomial(9, density, (outputs, inputs))


def load_by_definition(counts, order, lanes, block) -> int:
    total = 0
    for first in range(0, counts.shape[1], block):
        loads = [0] * lanes
        for place, channel in enumerate(order):
            loads[place % lanes] += int(counts[channel, first:first + block].sum())
        total += max(loads)
    return total


@pytest.mark.parametrize("seed", range(20))
def test_is_a_permutation_and_no_worse(seed):
    rng = np.random.default_rng([seed, 1])
    outputs, inputs = (int(size) for size in rng.integers(1, 60, 2))
    lanes, block = int(rng.choice([1, 2, 4, 16])), int(rng.integers(1, 20))
    counts = counts_of(seed, outputs, inputs, rng.random())
    order, identity = channel_order(counts, lanes, block), np.arange(outputs)
    assert sorted(order.tolist()) == identity.tolist()
    for one in (order, identity):
        assert busiest_load(counts, one, lanes, block) == load_by_definition(
            counts, one.tolist(), lanes, block)
    found, before = (busiest_load(counts, one, lanes, block) for one in (order, identity))
    assert found < before or np.array_equal(order, identity)
    assert np.array_equal(channel_order(counts, lanes, block), order)


@pytest.mark.parametrize("seed", range(10))
def test_small_cases_are_nearly_the_best(seed):
    counts = counts_of(seed, 6, 8, 0.4)
    best = min(busiest_load(counts, np.array(order), 2, 4) for order in permutations(range(6)))
    assert busiest_load(counts, channel_order(counts, 2, 4), 2, 4) <= best + 1


@pytest.mark.parametrize(("outputs", "density", "most"), [
    (512, 0.1, 1.03), (512, 0.03, 1.04), (256, 0.1, 1.05), (128, 0.1, 1.12)])
def test_random_masks_become_even(outputs, density, most):
    counts = counts_of(3, outputs, 512, density)
    even = counts.sum() / 64
    before = busiest_load(counts, np.arange(outputs), 64, 64) / even
    after = busiest_load(counts, channel_order(counts, 64, 64), 64, 64) / even
    assert after < most < before


def test_masks_balanced_by_design_stay():
    mask = balanced_mask(np.random.default_rng(2), (128, 128, 3, 3), 0.25, 64)
    counts = np.count_nonzero(mask.reshape(128, 128, -1), axis=2)
    assert channel_order(counts, 64, 64).tolist() == list(range(128))


@pytest.mark.parametrize("shape", [(5, 7), (64, 9), (1, 1)])
def test_one_channel_a_lane_stays(shape):
    assert channel_order(counts_of(1, *shape, 0.5), 64, 64).tolist() == list(range(shape[0]))


def test_takes_about_a_second():
    counts, before = counts_of(4, 512, 512, 0.1), process_time()
    channel_order(counts, 64, 64)
    assert process_time() - before < 5
