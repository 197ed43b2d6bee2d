"""The front of a lane: which events enter its queue, in which order, and when it must wait."""

from dataclasses import replace
from random import Random

import pytest

from hw.lane.border import events_on_their_way, lane_lag
from hw.lane.event_filter import EventFilter
from tests.hw.configurations import PIPELINES, SMALL
from tests.hw.streams import answer, at_random, never, receive, send, send_late, simulate

TAPS = SMALL.max_kernel ** 2


def lag(config) -> int:
    """Cycles from a state of the filter to the arrival of an event that is sent for it."""
    return lane_lag(config) + 1 if config.deep_pipeline else 0


async def send_to(ctx, dut, events: list[dict], pauses=never):
    if dut.config.deep_pipeline:
        await send_late(ctx, dut.events, events, lag(dut.config), pauses=pauses)
    else:
        await send(ctx, dut.events, events, pauses=pauses)


def random_taps(rng: Random, density: float) -> int:
    return sum((rng.random() < density) << tap for tap in range(TAPS))


def random_events(seed: int, count: int) -> tuple[list[dict], list[dict]]:
    """Return events, and the pointer memory that they refer to."""
    rng = Random(seed)
    pointers = [{"start": rng.randrange(1000), "count": rng.randint(1, 99),
                 "taps": random_taps(rng, 0.15)} for _ in range(64)]
    events = [{"marker": int(rng.random() < 0.1), "pointer": rng.randrange(64),
               "exponent": rng.randrange(128), "base": rng.randrange(SMALL.potential_depth),
               "taps": random_taps(rng, rng.choice([0.1, 0.5, 1.0]))} for _ in range(count)]
    return events, pointers


def meets(event: dict, pointer: dict) -> bool:
    return bool(pointer["taps"] & event["taps"])


def expected(events: list[dict], pointers: list[dict]) -> list[dict]:
    """Return what enters the queue; of a marker, only that it is one."""
    queued = []
    for event in events:
        pointer = pointers[event["pointer"]]
        if event["marker"]:
            queued.append({"marker": 1})
        elif meets(event, pointer):
            queued.append(event | {"start": pointer["start"], "count": pointer["count"]})
            del queued[-1]["pointer"]
    return queued


def without_fields_of_markers(queued: list[dict]) -> list[dict]:
    return [{"marker": 1} if event["marker"] else event for event in queued]


@pytest.mark.parametrize("sent", [0.0, 0.5])
@pytest.mark.parametrize("taken", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("withheld", [0.0, 0.5])
@pytest.mark.parametrize("queue_depth", [2, 5])
@PIPELINES
def test_queues_what_meets_weights(queue_depth, withheld, taken, sent, deep):
    seed = round(100 * (sent + taken + withheld)) + queue_depth
    config = replace(SMALL, queue_depth=queue_depth, deep_pipeline=deep)
    dut, withholds, takes_in = EventFilter(config), at_random(seed + 1, withheld), []
    events, pointers = random_events(seed, 150)
    wanted, queued = expected(events, pointers), []

    async def drive(ctx):
        await send_to(ctx, dut, events, at_random(seed, sent))

    async def observe(ctx):
        queued.extend(await receive(ctx, dut.queue, len(wanted), pauses=at_random(seed, taken)))

    async def permit(ctx):
        while True:
            ctx.set(dut.may_take, not withholds())
            takes_in.append((await ctx.tick().sample(dut.takes, dut.may_take))[2:])

    permit.is_background = True
    simulate(dut, drive, observe, permit,
             answer(dut.lookup, dut.lookup_address, dut.pointer, pointers.__getitem__))
    assert without_fields_of_markers(queued) == wanted
    assert all(permitted for (takes, _), (_, permitted) in zip(
        takes_in[lag(config):], takes_in, strict=False) if takes)


def taken_in(config, events, pointers, *, queue_ready: int, cycles: int) -> list[bool]:
    """Return for each cycle whether an event was taken, and queued, with the queue's end fixed."""
    dut, seen = EventFilter(config), []

    async def drive(ctx):
        await send_to(ctx, dut, events)

    async def watch(ctx):
        ctx.set(dut.may_take, 1)
        ctx.set(dut.queue.ready, queue_ready)
        for _ in range(cycles):
            seen.append((await ctx.tick().sample(dut.takes, dut.is_queueing))[2:])

    drive.is_background = True
    simulate(dut, drive, watch,
             answer(dut.lookup, dut.lookup_address, dut.pointer, pointers.__getitem__))
    return seen


@pytest.mark.parametrize("queue_depth", [3, 8])
@PIPELINES
def test_one_event_per_cycle(queue_depth, deep):
    events, pointers = random_events(3, 100)
    config = replace(SMALL, queue_depth=queue_depth, deep_pipeline=deep)
    seen = taken_in(config, events, pointers, queue_ready=1, cycles=100)
    assert [taken for taken, _ in seen[lag(config):]] == [1] * (100 - lag(config))


@pytest.mark.parametrize("queue_depth", [2, 3, 8])
@PIPELINES
def test_takes_no_more_than_the_queue_holds(queue_depth, deep):
    events, pointers = random_events(4, 200)
    config = replace(SMALL, queue_depth=queue_depth, deep_pipeline=deep)
    seen = taken_in(config, events, pointers, queue_ready=0, cycles=150)
    enters = [bool(event["marker"]) or meets(event, pointers[event["pointer"]])
              for event in events]
    fills_it = [index for index, queued in enumerate(enters) if queued][queue_depth - 1]
    last = fills_it + 1 + deep * events_on_their_way(config)
    assert sum(taken for taken, _ in seen) == last
    assert sum(queued for _, queued in seen) == sum(
        meets(event, pointers[event["pointer"]]) and not event["marker"]
        for event in events[:last])


@PIPELINES
def test_is_busy_from_event_to_queue(deep):
    events, pointers = random_events(5, 1)
    event = events[0] | {"marker": 1}
    dut = EventFilter(replace(SMALL, deep_pipeline=deep))

    async def drive(ctx):
        ctx.set(dut.may_take, 1)
        assert not ctx.get(dut.busy)
        await send(ctx, dut.events, [event])
        for _ in range(4):
            assert ctx.get(dut.busy)
            await ctx.tick()
        await receive(ctx, dut.queue, 1)
        assert not ctx.get(dut.busy)

    simulate(dut, drive,
             answer(dut.lookup, dut.lookup_address, dut.pointer, pointers.__getitem__))
