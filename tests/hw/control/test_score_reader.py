"""Scores leave in the order of channels, sign-extended, and wait until they are taken."""

from random import Random

import pytest

from hw.control.score_reader import READOUT_BITS, ScoreReader
from tests.hw.configurations import SMALL
from tests.hw.streams import at_random, receive, simulate


def run(rows: list[list[int]], *, pauses) -> tuple[list[int], list[tuple]]:
    """Read rows of potentials out; return the words, and (leaves, finishes) of each cycle."""
    dut, words, seen = ScoreReader(SMALL), [], []

    async def drive(ctx):
        for row in rows:
            while not ctx.get(dut.ready):
                await ctx.tick()
            ctx.set(dut.lanes, len(row))
            ctx.set(dut.take, 1)
            await ctx.tick()
            ctx.set(dut.take, 0)
            ctx.set(dut.lanes, 0)
            await ctx.tick()
            ctx.set(dut.potentials, row + [0] * (SMALL.lanes - len(row)))
            ctx.set(dut.potential_valid, 1)
            await ctx.tick()
            ctx.set(dut.potential_valid, 0)

    async def observe(ctx):
        words.extend(await receive(ctx, dut.words, sum(map(len, rows)), pauses=pauses))

    async def watch(ctx):
        while True:
            *_, valid, ready, finishes = await ctx.tick().sample(
                dut.words.valid, dut.words.ready, dut.finishes)
            seen.append((valid & ready, finishes))

    watch.is_background = True
    simulate(dut, drive, observe, watch)
    return words, seen


@pytest.mark.parametrize("share", [0.0, 0.6])
@pytest.mark.parametrize("seed", range(4))
def test_scores_in_order(seed, share):
    rng, most = Random(seed), SMALL.numbers.potential_max
    rows = [[rng.choice([-most - 1, -1, 0, most, rng.randint(-most, most)])
             for _ in range(rng.randint(1, SMALL.lanes))] for _ in range(12)]
    words, seen = run(rows, pauses=at_random(seed, share))
    assert words == [score % (1 << READOUT_BITS) for row in rows for score in row]
    finishes = [finishes for leaves, finishes in seen if leaves]
    assert finishes == [index == len(row) - 1 for row in rows for index in range(len(row))]
    assert not any(finishes for leaves, finishes in seen if not leaves)


def test_one_score_per_cycle():
    _, seen = run([[1, 2, 3, 4], [5, 6]], pauses=lambda: False)
    leaves = [leaves for leaves, _ in seen]
    assert leaves[:12] == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1]
