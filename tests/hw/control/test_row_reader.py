"""Rows of spikes and of pixel events against the memories that they come from."""

from collections import deque
from random import Random

import pytest

from hw.control.row_reader import RowReader
from hw.network.model import NO_EVENT
from tests.hw.configurations import SMALL
from tests.hw.streams import answer, at_random, never, receive, send, simulate

LANES, LATENCY = SMALL.lanes, 2
CARRIED = ("is_pixel", "marker", "pointer", "base", "taps")


class Memories:
    """Random spike banks, pixels and input table; what is in a bank shows so many cycles late."""

    def __init__(self, rng: Random, late: int = 0):
        self.late = late
        silence = SMALL.numbers.silence
        self.banks = [[rng.choice([silence, rng.randint(0, silence)])
                       for _ in range(SMALL.spike_depth)] for _ in range(LANES)]
        self.pixels = [rng.randrange(256) for _ in range(SMALL.pixel_depth)]
        self.table = [[rng.choice([NO_EVENT, rng.randrange(128)]) for _ in range(8)]
                      for _ in range(256)]

    def heard(self, visit: dict) -> dict[int, int]:
        """Return the code of each slot that holds a spike or an event and is worth reading."""
        if not visit["is_useful"]:
            return {}
        if visit["is_pixel"]:
            found = enumerate(self.table[self.pixels[visit["address"]]])
            return {slot: exponent for slot, exponent in found if exponent != NO_EVENT}
        codes = {lane: self.banks[lane][visit["address"]] for lane in range(LANES)
                 if visit["slots"] >> lane & 1}
        return {lane: code for lane, code in codes.items() if code != SMALL.numbers.silence}

    def spike_banks(self, dut):
        """Return the spike banks as a background test bench."""
        async def banks(ctx):
            asked = deque([(0, 0)] * self.late)
            while True:
                asked.append((await ctx.tick().sample(dut.spike_read, dut.spike_address))[2:])
                reads, address = asked.popleft()
                for lane in range(LANES):
                    if reads >> lane & 1:
                        ctx.set(dut.spikes[lane], self.banks[lane][address])

        banks.is_background = True
        return banks


def random_visits(rng: Random, count: int, pixels: float) -> list[dict]:
    return [{"address": rng.randrange(256), "slots": rng.randrange(1 << LANES),
             "is_pixel": int(rng.random() < pixels), "marker": rng.randint(0, 1),
             "is_useful": int(rng.random() < 0.7),
             "pointer": rng.randrange(SMALL.pointer_depth),
             "base": rng.randrange(SMALL.potential_depth),
             "taps": rng.randrange(1 << SMALL.max_kernel ** 2)} for _ in range(count)]


def run(visits, memories, *, sent=never, taken=never, watch=(), reader=RowReader) -> list[dict]:
    dut, rows = reader(SMALL), []

    async def drive(ctx):
        assert not ctx.get(dut.busy)
        await send(ctx, dut.visits, visits, pauses=sent)
        while ctx.get(dut.busy):
            await ctx.tick()
        assert len(rows) == len(visits)

    async def observe(ctx):
        for _ in visits:
            rows.extend(await receive(ctx, dut.rows, 1, pauses=taken))

    simulate(dut, observe, drive, memories.spike_banks(dut),
             answer(dut.pixel_read, dut.pixel_address, dut.pixel, memories.pixels.__getitem__),
             answer(dut.table_read, dut.table_address, dut.exponents, memories.table.__getitem__),
             *(bench(dut) for bench in watch))
    return rows


@pytest.mark.parametrize("sent", [0.0, 0.6])
@pytest.mark.parametrize("taken", [0.0, 0.6])
@pytest.mark.parametrize("pixels", [0.0, 1.0, 0.5])
@pytest.mark.parametrize("seed", range(2))
def test_rows_hold_what_the_memories_hold(seed, pixels, taken, sent):
    rng = Random(seed)
    memories, visits = Memories(rng), random_visits(rng, 100, pixels)
    rows = run(visits, memories, sent=at_random(seed, sent), taken=at_random(seed + 1, taken))
    check(rows, visits, memories)


def check(rows: list[dict], visits: list[dict], memories: Memories):
    for visit, row in zip(visits, rows, strict=True):
        heard = {slot: code for slot, code in enumerate(row["codes"]) if row["heard"] >> slot & 1}
        assert heard == memories.heard(visit)
        assert {name: row[name] for name in CARRIED} == {name: visit[name] for name in CARRIED}


@pytest.mark.parametrize("pixels", [0.0, 1.0])
def test_one_visit_per_cycle_after_two_cycles(pixels):
    rng, valid = Random(3), []
    visits = random_visits(rng, 30, pixels)

    def observe(dut):
        async def bench(ctx):
            for _ in range(len(visits) + LATENCY + 2):
                valid.append((await ctx.tick().sample(dut.rows.valid))[-1])
        return bench

    run(visits, Memories(rng), watch=[observe])
    assert valid == [0] * LATENCY + [1] * len(visits) + [0, 0]


def test_reads_each_useful_pixel_and_spike_once():
    rng, reads = Random(4), []
    visits = random_visits(rng, 80, 0.5)

    def observe(dut):
        async def bench(ctx):
            while True:
                *_, spikes, pixel, table = await ctx.tick().sample(
                    dut.spike_read, dut.pixel_read, dut.table_read)
                reads.append((spikes.bit_count(), pixel, table))
        bench.is_background = True
        return bench

    run(visits, Memories(rng), taken=at_random(5, 0.6), watch=[observe])
    useful = [visit for visit in visits if visit["is_useful"]]
    assert len(useful) < len(visits)
    pixels = sum(visit["is_pixel"] for visit in useful)
    spikes = sum(visit["slots"].bit_count() for visit in useful if not visit["is_pixel"])
    assert tuple(map(sum, zip(*reads, strict=True))) == (spikes, pixels, pixels)
