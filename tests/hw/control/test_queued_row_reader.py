"""The row reader of a deep pipeline: the same rows as of the other one, later, and none is lost."""

from random import Random

import pytest

from hw.control.queued_row_reader import DEPTH, READ_CYCLES, QueuedRowReader
from tests.hw.control.test_row_reader import Memories, check, random_visits, run
from tests.hw.streams import at_random, never

# A lane's border, twice.
LATE = 2


@pytest.mark.parametrize("sent", [0.0, 0.6])
@pytest.mark.parametrize("taken", [0.0, 0.6, 0.95])
@pytest.mark.parametrize("pixels", [0.0, 1.0, 0.5])
@pytest.mark.parametrize("seed", range(2))
def test_rows_hold_what_the_memories_hold(seed, pixels, taken, sent):
    rng = Random(seed)
    memories, visits = Memories(rng, LATE), random_visits(rng, 100, pixels)
    rows = run(visits, memories, sent=at_random(seed, sent), taken=at_random(seed + 1, taken),
               reader=QueuedRowReader)
    check(rows, visits, memories)


def seen(visits, memories, *, taken, ports, cycles: int) -> list[tuple]:
    """Return what ports show in each of so many cycles."""
    found = []

    def observe(dut):
        async def bench(ctx):
            for _ in range(cycles):
                found.append((await ctx.tick().sample(*ports(dut)))[2:])
        return bench

    run(visits, memories, taken=taken, watch=[observe], reader=QueuedRowReader)
    return found


@pytest.mark.parametrize("pixels", [0.0, 1.0])
def test_one_visit_per_cycle_after_five_cycles(pixels):
    rng, latency = Random(3), READ_CYCLES + 1
    visits = random_visits(rng, 40, pixels)
    valid = seen(visits, Memories(rng, LATE), taken=never, ports=lambda dut: [dut.rows.valid],
                 cycles=len(visits) + latency + 2)
    assert [value for value, in valid] == [0] * latency + [1] * len(visits) + [0, 0]


def test_no_visit_is_taken_without_room_for_its_row():
    """While no row is taken, so many visits are as there is room for."""
    rng, waits = Random(4), 30
    visits, calls = random_visits(rng, 40, 0.5), iter(range(10_000))
    takes = seen(visits, Memories(rng, LATE), taken=lambda: next(calls) < waits,
                 ports=lambda dut: [dut.visits.valid & dut.visits.ready], cycles=waits)
    assert [value for value, in takes] == [1] * DEPTH + [0] * (waits - DEPTH)
