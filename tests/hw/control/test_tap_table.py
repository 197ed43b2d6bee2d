"""Distances of taps against their definition, and how long they take."""

from random import Random

import pytest

from hw.control.tap_table import TapTable
from tests.hw.configurations import SMALL
from tests.hw.streams import plain, simulate


@pytest.mark.parametrize("seed", range(4))
def test_distances(seed):
    rng, dut = Random(seed), TapTable(SMALL)

    async def drive(ctx):
        for kernel in rng.sample([1, 2, 3], 3):
            local_bits, row_stride = rng.randrange(4), rng.randrange(SMALL.potential_depth)
            ctx.set(dut.group, {
                "kernel": kernel, "local_bits": local_bits, "row_stride": row_stride})
            ctx.set(dut.begin, 1)
            await ctx.tick()
            ctx.set(dut.begin, 0)
            for _ in range(kernel ** 2):
                assert not ctx.get(dut.done)
                await ctx.tick()
            assert ctx.get(dut.done)
            assert plain(ctx.get(dut.taps))[:kernel ** 2] == [
                {"row": row, "column": column, "distance":
                 -(row * row_stride + (column << local_bits)) % SMALL.potential_depth}
                for row in range(kernel) for column in range(kernel)]

    simulate(dut, drive)
