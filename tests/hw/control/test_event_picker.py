"""The events of rows, in order, without a gap."""

from random import Random

import pytest

from hw.control.event_picker import EventPicker
from hw.layout import row_slots
from tests.hw.configurations import SMALL
from tests.hw.streams import at_random, receive, send, simulate

SLOTS = row_slots(SMALL)


def random_rows(seed: int, count: int) -> list[dict]:
    rng = Random(seed)
    rows = []
    for _ in range(count):
        density = rng.choice([0.0, 0.2, 1.0])
        rows.append({
            "codes": [rng.randrange(128) for _ in range(SLOTS)],
            "heard": sum((rng.random() < density) << slot for slot in range(SLOTS)),
            "is_pixel": rng.randint(0, 1), "marker": int(rng.random() < 0.2),
            "pointer": rng.randrange(SMALL.pointer_depth - SLOTS),
            "base": rng.randrange(SMALL.potential_depth),
            "taps": rng.randrange(1 << SMALL.max_kernel ** 2)})
    return rows


def expected(rows: list[dict], offset: int) -> list[dict]:
    events = []
    for row in rows:
        events += [{
            "marker": 0, "pointer": row["pointer"] + (0 if row["is_pixel"] else slot),
            "exponent": row["codes"][slot] + offset, "base": row["base"], "taps": row["taps"]}
            for slot in range(SLOTS) if row["heard"] >> slot & 1]
        if row["marker"]:
            events.append({"marker": 1})
    return events


@pytest.mark.parametrize("sent", [0.0, 0.7])
@pytest.mark.parametrize("taken", [0.0, 0.7])
@pytest.mark.parametrize("offset", [0, 63])
@pytest.mark.parametrize("seed", range(3))
def test_events_in_order(seed, offset, taken, sent):
    dut, rows = EventPicker(SMALL), random_rows(seed, 60)
    wanted, events = expected(rows, offset), []

    async def drive(ctx):
        await send(ctx, dut.rows, rows, pauses=at_random(seed, sent))

    async def observe(ctx):
        ctx.set(dut.offset, offset)
        events.extend(await receive(ctx, dut.events, len(wanted), pauses=at_random(seed, taken)))

    simulate(dut, drive, observe)
    assert [{"marker": 1} if event["marker"] else event for event in events] == wanted


def test_no_gap_between_rows_and_one_cycle_for_a_silent_row():
    dut, rows, valid = EventPicker(SMALL), random_rows(7, 40), []
    wanted = [0]
    for row in rows:
        wanted += [1] * len(expected([row], 0)) or [0]

    async def drive(ctx):
        await send(ctx, dut.rows, rows)

    async def observe(ctx):
        ctx.set(dut.events.ready, 1)
        for _ in wanted:
            valid.append((await ctx.tick().sample(dut.events.valid))[-1])

    simulate(dut, drive, observe)
    assert valid == wanted
