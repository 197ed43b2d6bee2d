"""Distances of taps against their definition, and how long they take."""

from dataclasses import replace
from random import Random

import pytest

from hw.control.tap_table import TapTable
from tests.hw.configurations import SMALL
from tests.hw.streams import plain, simulate


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("max_kernel", [3, 6, 7])
def test_distances(max_kernel, stride):
    config = replace(SMALL, max_kernel=max_kernel)
    rng, dut = Random(stride), TapTable(config)

    async def drive(ctx):
        for kernel in rng.sample(range(1, max_kernel + 1), max_kernel):
            local_bits, row_stride = rng.randrange(4), rng.randrange(config.potential_depth)
            ctx.set(dut.group, {"kernel": kernel, "local_bits": local_bits,
                                "row_stride": row_stride, "halves": stride - 1})
            ctx.set(dut.begin, 1)
            await ctx.tick()
            ctx.set(dut.begin, 0)
            for _ in range(kernel ** 2):
                assert not ctx.get(dut.done)
                await ctx.tick()
            assert ctx.get(dut.done)
            assert plain(ctx.get(dut.taps))[:kernel ** 2] == [
                -(row // stride * row_stride + (column // stride << local_bits))
                % config.potential_depth for row in range(kernel) for column in range(kernel)]

    simulate(dut, drive)
