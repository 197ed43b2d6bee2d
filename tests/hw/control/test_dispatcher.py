"""Events of whole source maps against what their memories hold, and the latency of the first."""

from random import Random

import pytest

from hw.control.dispatcher import Dispatcher
from hw.layout import Target
from tests.hw.control import test_map_walker, test_row_reader
from tests.hw.control.test_map_walker import CONFIG, begin, random_group
from tests.hw.streams import at_random, receive, simulate

BEGIN_TO_EVENT = 4


def expected(group: dict, memories) -> list[dict]:
    """Return the events of a group in order; of a marker, only that it is one."""
    events = []
    for visit in test_map_walker.expected(group):
        events += [{
            "marker": 0, "pointer": visit["pointer"] + (0 if visit["is_pixel"] else slot),
            "exponent": code + group["offset"], "base": visit["base"], "taps": visit["taps"]}
            for slot, code in memories.heard(visit).items()]
        if visit["marker"]:
            events.append({"marker": 1})
    return events


async def load(ctx, dut, memories):
    """Write pixels and input table."""
    contents = {Target.PIXEL: memories.pixels, Target.INPUT_TABLE: [
        sum(exponent << 8 * slot for slot, exponent in enumerate(row)) for row in memories.table]}
    ctx.set(dut.loads, 1)
    for target, words in contents.items():
        for address, word in enumerate(words):
            ctx.set(dut.word, {"target": target, "address": address, "data": word})
            await ctx.tick()
    ctx.set(dut.loads, 0)


@pytest.mark.parametrize("share", [0.0, 0.6])
@pytest.mark.parametrize("kind", ["input", "map", "linear"])
@pytest.mark.parametrize("seed", range(3))
def test_events_of_a_map(seed, kind, share):
    rng, dut = Random(seed), Dispatcher(CONFIG)
    memories = test_row_reader.Memories(rng)
    groups = [random_group(10 * seed + index, kind, kernel=2 * seed + 1, stride=1 + index % 2)
              | {"offset": rng.choice([0, 9])} for index in range(4)]

    async def drive(ctx):
        await load(ctx, dut, memories)
        for group in groups:
            await begin(ctx, dut, group)
            wanted = expected(group, memories)
            events = await receive(ctx, dut.events, len(wanted), pauses=at_random(seed, share))
            assert [{"marker": 1} if event["marker"] else event for event in events] == wanted
            ctx.set(dut.events.ready, 1)
            while ctx.get(dut.busy):
                assert not ctx.get(dut.events.valid)
                await ctx.tick()

    simulate(dut, drive, memories.spike_banks(dut))


@pytest.mark.parametrize("kind", ["input", "map"])
def test_latency_of_the_first_event(kind):
    dut, memories = Dispatcher(CONFIG), test_row_reader.Memories(Random(1))
    memories.banks = [[0] * CONFIG.spike_depth] * CONFIG.lanes
    memories.table = [[0] * 8] * 256
    group = random_group(2, kind) | {"offset": 0, "top": 0, "left": 0}

    async def drive(ctx):
        await load(ctx, dut, memories)
        await begin(ctx, dut, group)
        for _ in range(BEGIN_TO_EVENT - 1):
            assert ctx.get(dut.busy) and not ctx.get(dut.events.valid)
            await ctx.tick()
        assert ctx.get(dut.events.valid)
        await receive(ctx, dut.events, len(expected(group, memories)))

    simulate(dut, drive, memories.spike_banks(dut))
