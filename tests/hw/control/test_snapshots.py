"""Snapshots of the totals against a list of them, and the pace at which they leave."""

from dataclasses import replace
from random import Random

import pytest

from hw.control.snapshots import Snapshots
from hw.counters import COUNTERS
from tests.hw.configurations import PIPELINES, SMALL
from tests.hw.streams import at_random, receive, simulate


@pytest.mark.parametrize("share", [0.0, 0.6])
@PIPELINES
def test_rows_are_the_totals_of_when_they_were_saved(share, deep):
    rng, dut = Random(7), Snapshots(replace(SMALL, layer_depth=20, deep_pipeline=deep))

    async def drive(ctx):
        for layers in (1, 5, 20):
            wanted, saved = [], 0
            while len(wanted) < layers:
                totals = [rng.randrange(1 << 32) for _ in COUNTERS]
                ctx.set(dut.totals, totals)
                if saved if deep else (saved := rng.random() < 0.3):
                    wanted.append(totals)
                saved = int(rng.random() < 0.3 and len(wanted) < layers) if deep else saved
                ctx.set(dut.save, saved)
                await ctx.tick()
            ctx.set(dut.save, 0)
            await ctx.tick()
            ctx.set(dut.report, 1)
            words = await receive(ctx, dut.words, layers * len(COUNTERS),
                                  pauses=at_random(layers, share))
            ctx.set(dut.report, 0)
            assert words == [word for row in wanted for word in row]

    simulate(dut, drive)


@PIPELINES
def test_cycles_between_rows(deep):
    dut, seen = Snapshots(replace(SMALL, deep_pipeline=deep)), []

    async def drive(ctx):
        ctx.set(dut.save, 1)
        await ctx.tick().repeat(2)
        ctx.set(dut.save, 0)
        ctx.set(dut.report, 1)
        ctx.set(dut.words.ready, 1)
        while not (seen and seen[-1][1]):
            seen.append((await ctx.tick().sample(dut.words.valid, dut.last))[2:])

    simulate(dut, drive)
    gap, row = [0] * (2 + deep), [1] * len(COUNTERS)
    assert [valid for valid, _ in seen] == [0, *gap, *row, *gap, *row]
