"""Stored weights: rows and pointers decode to the codes, slices and blocks fit."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from hw.compiler.packets import Packet
from hw.compiler.stored_weights import DIRECT_POSITIONS, store_weights
from hw.layout import Target
from tests.hw.compiler.stored import Memories
from tests.hw.configurations import SMALL

LANES = SMALL.lanes
MANY_POSITIONS = DIRECT_POSITIONS + 1
ROW_ENTRIES = pytest.mark.parametrize("width", [1, 2, 4])


def random_weights(seed: int, *, pointers: int, density: float) -> np.ndarray:
    """Return codes [places, pointers, 9 taps]."""
    rng = np.random.default_rng(seed)
    shape = int(rng.integers(1, 3 * LANES)), pointers, 9
    codes = rng.integers(1, 8, shape) * rng.choice([-1, 1], shape)
    return np.where(rng.random(shape) < density, codes, 0).astype(np.int8)


def stored(weight: np.ndarray, width: int, *, per_channel: int = 1, **sizes):
    config = replace(SMALL, row_entries=width, **sizes)
    return store_weights(config, weight, kernel=3, local_bits=local_bits(weight),
                         pointers_per_channel=per_channel)


def local_bits(weight: np.ndarray) -> int:
    return (-(-len(weight) // LANES) - 1).bit_length()


@pytest.mark.parametrize("density", [0.0, 0.05, 1.0])
@pytest.mark.parametrize("per_channel", [1, 3])
@ROW_ENTRIES
def test_slices_decode_to_the_codes(width, per_channel, density):
    rng = Random(width)
    weight = random_weights(width, pointers=10 * per_channel, density=density)
    weights = stored(weight, width, per_channel=per_channel)
    assert weights.lanes == min(LANES, len(weight))
    for part in (weights.whole, *weights.units):
        memories, row = Memories(weights.config), rng.randrange(100)
        for lane in range(weights.lanes):
            rows = weights.weight_rows(lane, part)
            assert len(rows) <= part.rows
            memories.load([
                Packet(target=Target.WEIGHT, lane=lane, address=row, words=rows[:, None]),
                Packet(target=Target.POINTER, lane=lane, address=5,
                       words=weights.pointer_words(lane, part, row)[:, None])])
            own = weight[lane::LANES]
            for index in range(part.pointers):
                found = memories.weights(lane, 5 + index, channels=len(own), taps=9,
                                         local_bits=local_bits(weight))
                assert (found == own[:, part.first_pointer + index]).all()
        assert part.channels * per_channel == part.pointers
        assert part.first * per_channel == part.first_pointer


@pytest.mark.parametrize("per_channel", [1, 3])
@pytest.mark.parametrize("most_pointers", [12, 25, 1000])
@pytest.mark.parametrize("most_rows", [10, 60, 200, 10_000])
def test_slices_fit_and_cover_all(most_rows, most_pointers, per_channel):
    weights = stored(random_weights(1, pointers=27 * per_channel, density=0.4), 2,
                     per_channel=per_channel)
    found = weights.slices(most_rows, most_pointers)
    if found is None:
        assert any(unit.rows > most_rows or unit.pointers > most_pointers
                   for unit in weights.units)
        return
    assert [part.first for part in found] == [
        0, *np.cumsum([part.channels for part in found])[:-1]]
    assert sum(part.channels for part in found) == 27
    assert all(part.channels % LANES == 0 for part in found[:-1])
    for part, following in zip(found, [*found[1:], None], strict=True):
        assert part.rows <= most_rows and part.pointers <= most_pointers
        if following is not None:   # as few as possible: the next unit would not fit
            unit, = (unit for unit in weights.units if unit.first == following.first)
            grown = weights._slice(part.first_pointer, unit.first_pointer + unit.pointers)
            assert grown.rows > most_rows or grown.pointers > most_pointers


def rows_of_blocks(weights, block: int, together: int) -> int:
    """Return the most rows that so many neighbouring blocks touch in any lane."""
    width, most = weights.config.row_entries, 0
    for counts in weights.counts:
        bounds = np.concatenate([[0], np.cumsum(counts)])
        for first in range(0, len(counts), block):
            stop = bounds[min(first + together * block, len(counts))]
            most = max(most, -(-stop // width) - bounds[first] // width)
    return int(most)


@pytest.mark.parametrize("density", [0.02, 0.2, 1.0])
@pytest.mark.parametrize("buffer", [8, 16, 32, 64, 128])
@ROW_ENTRIES
def test_blocks_fit_the_weight_buffer(width, buffer, density):
    rows = buffer // width
    for seed in range(5):
        weights = stored(random_weights(seed, pointers=19, density=density), width,
                         weight_buffer_depth=buffer)
        block = weights.block(MANY_POSITIONS)
        slack = 2 * (width - 1) // width + 1
        if block is None:
            assert rows_of_blocks(weights, 1, 1) > rows - slack
            continue
        assert LANES % block == 0 and rows_of_blocks(weights, block, 1) <= rows
        if rows_of_blocks(weights, block, 2) > rows:   # none of which two fit
            assert rows_of_blocks(weights, 1, 2) > rows - slack
        elif block < LANES:
            assert rows_of_blocks(weights, 2 * block, 2) > rows - slack


def test_few_positions_and_linear_groups_do_without_the_buffer():
    weight = random_weights(0, pointers=8, density=0.1)
    assert stored(weight, 2).block(DIRECT_POSITIONS) is None
    assert stored(weight, 2).block(MANY_POSITIONS) == LANES
    assert stored(weight, 2, per_channel=2).block(MANY_POSITIONS) is None
