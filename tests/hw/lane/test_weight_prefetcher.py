"""The weight prefetcher: what is read, what the rings hold, and for how long.

Memories and rings of the bench hold addresses, so that a ring says where its contents come from.
"""

from dataclasses import dataclass, replace
from itertools import accumulate
from random import Random

import pytest

from hw.lane.weight_prefetcher import WeightPrefetcher
from tests.hw.configurations import PIPELINES, SMALL
from tests.hw.streams import simulate

CONFIG = replace(SMALL, weight_buffer_depth=16)
POINTER_RING = 2 * CONFIG.lanes
OUTPUTS = ("pointer_read", "pointer_address", "pointer_write", "pointer_index",
           "weight_read", "weight_address", "weight_write", "weight_index")
ROW_ENTRIES = pytest.mark.parametrize("width", [1, 2, 4])


@dataclass
class Group:
    """Weights of a synapse group: entries of each input channel, from ``first_row`` on.

    ``width`` entries make a row.
    """

    first_pointer: int
    first_row: int
    block_channels: int
    counts: list[int]
    width: int

    @property
    def bounds(self) -> list[int]:
        """Where the entries of each channel begin, and where the last one's end."""
        return list(accumulate(self.counts, initial=self.first_row * self.width))

    @property
    def blocks(self) -> list[tuple[range, range]]:
        """Addresses of each block's pointers and of the rows that its entries touch."""
        bounds, channels = self.bounds, range(len(self.counts))
        return [
            (range(self.first_pointer + block[0], self.first_pointer + block[-1] + 1),
             self.rows(bounds[block[0]], bounds[block[-1] + 1]))
            for first in channels[::self.block_channels]
            for block in [channels[first:first + self.block_channels]]]

    def rows(self, first: int, stop: int) -> range:
        return range(first // self.width, -(-stop // self.width)) if stop > first else range(0)


class Bench:
    """The memories around a prefetcher, and an observer of all that it reads."""

    def __init__(self, dut, ctx, group: Group):
        self.dut, self.ctx, self.group = dut, ctx, group
        self.pointers_read, self.rows_read = [], []
        self.pointer_ring, self.row_ring = {}, {}
        self.asked_pointer = self.asked_row = None
        self.strays = 0

    async def tick(self, **inputs):
        """Run one cycle with these inputs set."""
        for name, value in inputs.items():
            self.ctx.set(getattr(self.dut, name), value)
        ports = [getattr(self.dut, name) for name in (*OUTPUTS, "strays")]
        *values, strays = (await self.ctx.tick().sample(*ports))[2:]
        seen = dict(zip(OUTPUTS, values, strict=True))
        self.strays += strays
        if seen["pointer_write"]:
            self.pointer_ring[seen["pointer_index"]] = self.asked_pointer
        if seen["weight_write"]:
            self.row_ring[seen["weight_index"]] = self.asked_row
        if seen["pointer_read"]:
            self.asked_pointer = seen["pointer_address"]
            self.pointers_read.append(self.asked_pointer)
            channel = self.asked_pointer - self.group.first_pointer
            self.ctx.set(self.dut.pointer, {
                "start": self.group.bounds[channel], "count": self.group.counts[channel]})
        if seen["weight_read"]:
            self.asked_row = seen["weight_address"]
            self.rows_read.append(self.asked_row)

    async def begin(self):
        group = self.group
        await self.tick(begin=1, first_pointer=group.first_pointer, channels=len(group.counts),
                        block_channels=group.block_channels)
        self.ctx.set(self.dut.begin, 0)

    async def idle(self, cycles: int):
        for _ in range(cycles):
            await self.tick()

    def has_pointers(self, addresses: range) -> bool:
        return all(self.pointer_ring.get(a % POINTER_RING) == a for a in addresses)

    def has_rows(self, addresses: range) -> bool:
        ring = CONFIG.weight_buffer_depth // self.group.width
        return all(self.row_ring.get(a % ring) == a for a in addresses)


async def consume(bench: Bench, rng: Random, haste: float):
    """Use block after block as a lane does: pass a block, later release it.

    In a deep pipeline not in the first cycle: events take longer than that.
    """
    blocks, passed, released = bench.group.blocks, 0, 0
    waits = int(bench.dut.config.deep_pipeline)
    await bench.begin()
    while released < len(blocks):
        passes = releases = False
        waited = waits <= 0
        waits -= bench.ctx.get(bench.dut.has_block)
        if bench.ctx.get(bench.dut.has_block) and waited:
            assert passed < len(blocks)
            assert bench.has_pointers(blocks[passed][0])
            assert bench.has_rows(blocks[passed][1])
            passes = rng.random() < haste
            waits = int(bench.dut.config.deep_pipeline) if passes else waits
        for _, rows in blocks[released:passed]:
            assert bench.has_rows(rows), f"{rows} lost before its release"
        releases = released < passed and rng.random() < haste
        await bench.tick(pass_block=passes, release_block=releases)
        passed, released = passed + passes, released + releases
    bench.ctx.set(bench.dut.pass_block, 0)
    bench.ctx.set(bench.dut.release_block, 0)
    for _ in range(3):
        await bench.tick()
        assert not bench.ctx.get(bench.dut.has_block)


def prefetcher(width: int, deep: bool = False) -> WeightPrefetcher:
    return WeightPrefetcher(replace(CONFIG, row_entries=width, deep_pipeline=deep))


def run(width: int, groups: list[Group], seed: int, haste: float, deep: bool) -> list[Bench]:
    dut, benches = prefetcher(width, deep), []

    async def drive(ctx):
        for group in groups:
            benches.append(Bench(dut, ctx, group))
            await consume(benches[-1], Random(seed), haste)

    simulate(dut, drive)
    return benches


def random_group(rng: Random, block_entries: int, width: int) -> Group:
    """Return a group whose blocks have at most so many entries."""
    block_channels, counts = rng.choice([1, 2, 4]), []
    for _ in range(rng.randint(1, 9)):
        left = rng.choice([0, block_entries, rng.randint(0, block_entries)])
        for _ in range(block_channels):
            counts.append(rng.choice([left, rng.randint(0, left)]))
            left -= counts[-1]
    for _ in range(rng.randrange(block_channels)):
        counts.pop()
    return Group(rng.randrange(200), rng.randrange(400), block_channels, counts, width)


@pytest.mark.parametrize("haste", [1.0, 0.5, 0.05])
@pytest.mark.parametrize("fill", [0, 3, 8, CONFIG.weight_buffer_depth])
@ROW_ENTRIES
@PIPELINES
def test_reads_all_once_and_keeps_it_until_release(width, fill, haste, deep):
    # A block that begins inside a row must still fit.
    rng, most = Random(fill), min(fill, CONFIG.weight_buffer_depth - width + 1)
    groups = [random_group(rng, most, width) for _ in range(8)]
    for bench in run(width, groups, fill, haste, deep):
        group = bench.group
        assert bench.pointers_read == list(range(
            group.first_pointer, group.first_pointer + len(group.counts)))
        assert bench.rows_read == list(group.rows(group.bounds[0], group.bounds[-1]))
        assert not bench.strays


def test_a_row_that_blocks_share_is_read_with_the_first_of_them():
    group = Group(0, 0, 1, [3, 3, 1, 2], 4)
    dut, rows = prefetcher(4), []

    async def drive(ctx):
        bench = Bench(dut, ctx, group)
        await bench.begin()
        for _ in group.counts:
            while not ctx.get(dut.has_block):
                await bench.tick()
            rows.append(list(bench.rows_read))
            await bench.tick(pass_block=1)
            await bench.tick(pass_block=0, release_block=1)
            ctx.set(dut.release_block, 0)

    simulate(dut, drive)
    assert rows[0] == [0] and rows[-1] == [0, 1, 2]


@pytest.mark.parametrize("counts", [[0, 0, 0, 0], [1, 2, 3, 4], [7]])
@ROW_ENTRIES
@PIPELINES
def test_a_block_is_there_after_its_pointers_and_rows(width, counts, deep):
    group = Group(5, 9, len(counts), counts, width)
    dut, cycles = prefetcher(width, deep), []

    async def drive(ctx):
        bench = Bench(dut, ctx, group)
        await bench.begin()
        while not ctx.get(dut.has_block):
            await bench.tick()
            cycles.append(True)

    simulate(dut, drive)
    assert len(cycles) == len(counts) + -(-sum(counts) // width) + 3 + deep


@ROW_ENTRIES
def test_waits_for_room_and_for_the_release_of_a_large_block(width):
    group = Group(0, 0, 4, [4, 4, 4, 0, 0, 4, 4, 4, 1, 0, 0, 0], width)
    dut = prefetcher(width)

    async def drive(ctx):
        bench = Bench(dut, ctx, group)
        await bench.begin()
        await bench.idle(50)
        assert len(bench.rows_read) == CONFIG.weight_buffer_depth // width
        await bench.tick(pass_block=1)
        await bench.tick(pass_block=0)
        await bench.idle(50)
        assert not ctx.get(dut.has_block)
        assert len(bench.rows_read) == CONFIG.weight_buffer_depth // width
        await bench.tick(release_block=1)
        await bench.tick(release_block=0)
        await bench.idle(50)
        assert len(bench.rows_read) == -(-sum(group.counts) // width)
        assert len(bench.pointers_read) == len(group.counts)

    simulate(dut, drive)


@pytest.mark.parametrize("rows", [2, 3])
@ROW_ENTRIES
def test_rows_beyond_the_memory_stray(width, rows):
    group = Group(0, SMALL.weight_depth // width - 2, 1, [rows * width], width)
    dut, strays = prefetcher(width), []

    async def drive(ctx):
        bench = Bench(dut, ctx, group)
        await bench.begin()
        await bench.idle(20)
        strays.append(bench.strays)

    simulate(dut, drive)
    assert strays == [rows - 2]
