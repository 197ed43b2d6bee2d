"""The weight reader: which rows it reads for which event, when it waits, and no gaps."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from hw.lane.weight_reader import WeightReader
from tests.hw.configurations import SMALL
from tests.hw.streams import at_random, never, plain, send, simulate

CARRIED = ("exponent", "base", "taps")
ROW_ENTRIES = pytest.mark.parametrize("width", [1, 2, 4])


def random_queue(rng: Random, count: int, *, markers: float = 0.2) -> list[dict]:
    queue = []
    for _ in range(count):
        length = rng.choice([1, 1, 2, 3, 20])
        queue.append({"marker": int(rng.random() < markers), "count": length,
                      "start": rng.randint(0, SMALL.weight_depth - length),
                      "exponent": rng.randrange(128), "base": rng.randrange(SMALL.potential_depth),
                      "taps": rng.randrange(1 << SMALL.max_kernel ** 2)})
    return queue


def rows_of(event: dict, width: int) -> list[dict]:
    """Return address and context of each row that an event needs."""
    own = range(event["start"], event["start"] + event["count"])
    if event["marker"]:
        return []
    rows = range(own[0] // width, own[-1] // width + 1)
    return [{"address": row, "is_first": int(row == rows[0]), "entries": sum(
        (row * width + index in own) << index for index in range(width))}
        | {name: event[name] for name in CARRIED} for row in rows]


def run(width: int, queue: list[dict], *, cycles: int, sent=never, withheld=never) -> list[dict]:
    """Return what shows in each cycle."""
    dut, seen = WeightReader(replace(SMALL, row_entries=width)), []
    ports = {name: getattr(dut, name) for name in (
        "may_read", "read", "address", "arrives", "context", "finishes_block", "strays", "busy")}

    async def drive(ctx):
        await send(ctx, dut.queue, queue, pauses=sent)

    async def observe(ctx):
        for _ in range(cycles):
            ctx.set(dut.may_read, not withheld())
            values = (await ctx.tick().sample(*ports.values()))[2:]
            seen.append(dict(zip(ports, map(plain, values), strict=True)))

    simulate(dut, drive, observe)
    return seen


def rows_seen(seen: list[dict]) -> list[dict]:
    """Return the rows read, each with what shows when it arrives, in the cycle after."""
    assert [bool(cycle["read"]) for cycle in seen[:-1]] == [
        bool(cycle["arrives"]) for cycle in seen[1:]]
    rows = []
    for cycle, after in pairwise(seen):
        if cycle["read"]:
            assert after["context"]["entries"] == cycle["read"]
            rows.append({"address": cycle["address"]} | after["context"])
    return rows


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(3))
@ROW_ENTRIES
def test_rows_of_each_event(width, seed, share):
    rng = Random(seed)
    queue = random_queue(rng, 60)
    seen = run(width, queue, cycles=1500, sent=at_random(seed, share),
               withheld=at_random(seed + 1, share))
    assert rows_seen(seen) == [row for event in queue for row in rows_of(event, width)]
    assert all(cycle["may_read"] for cycle in seen if cycle["read"])
    assert sum(cycle["finishes_block"] for cycle in seen) == sum(
        event["marker"] for event in queue)
    assert not seen[-1]["busy"] and not any(cycle["strays"] for cycle in seen)


@ROW_ENTRIES
def test_no_gap_between_events(width):
    queue = random_queue(Random(9), 60, markers=0.0)
    count = sum(len(rows_of(event, width)) for event in queue)
    seen = run(width, queue, cycles=count + 3)
    assert [bool(cycle["read"]) for cycle in seen] == [False, *[True] * count, False, False]
    assert [cycle["busy"] for cycle in seen] == [0, *[1] * (count + 1), 0]


@ROW_ENTRIES
def test_a_marker_behind_rows_costs_one_cycle_in_which_the_last_is_read(width):
    event = random_queue(Random(1), 1, markers=0.0)[0] | {"count": 3 * width, "start": 0}
    marker = event | {"marker": 1}
    seen = run(width, [event, marker, marker, event], cycles=9)
    assert [int(cycle["read"] != 0) for cycle in seen] == [0, 1, 1, 1, 0, 0, 1, 1, 1]
    assert [cycle["finishes_block"] for cycle in seen] == [0, 0, 0, 1, 1, 0, 0, 0, 0]


@ROW_ENTRIES
def test_rows_beyond_the_memory_stray(width):
    event = random_queue(Random(2), 1, markers=0.0)[0]
    event |= {"start": SMALL.weight_depth - 2 * width, "count": 3 * width}
    seen = run(width, [event], cycles=5)
    assert [cycle["strays"] for cycle in seen] == [0, 0, 0, 1, 0]
