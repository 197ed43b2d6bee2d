"""A lane as a whole: from events to potentials, from there to spikes, and how long it takes."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from hw.compiler.packing import pack, pack_one
from hw.lane.border import lane_lag
from hw.lane.lane import Lane, fire_latency
from hw.layout import Channel, Entry, Pointer, Target
from hw.numbers import leak
from tests.hw.configurations import PIPELINES, SMALL
from tests.hw.streams import send, send_late, simulate

INDEX, NUMBERS = 2, SMALL.numbers
SILENCE = NUMBERS.silence
LOCAL_BITS, CHANNELS, SOURCES = 4, 16, 8
PLACE = {"marker": 0, "base": 0, "taps": 1}
ROW_ENTRIES = pytest.mark.parametrize("width", [1, 2, 4])


def number(words: np.ndarray) -> int:
    """Return the words of one row as a number."""
    return sum(int(limb) << 32 * index for index, limb in enumerate(words))


def random_weights(rng: Random) -> list[list[tuple[int, int]]]:
    """Return for each source its entries (skip, code), all of tap (0, 0)."""
    return [[(rng.randrange(3), rng.choice([-1, 1]) * rng.randint(1, NUMBERS.largest_code))
             for _ in range(rng.randrange(5))] for _ in range(SOURCES)]


async def load(ctx, dut, target: Target, words: list[int]):
    ctx.set(dut.index, INDEX)
    ctx.set(dut.loads, 1)
    for address, word in enumerate(words):
        ctx.set(dut.word, {"target": target, "address": address, "data": word})
        await ctx.tick()
    ctx.set(dut.loads, 0)


async def load_weights(ctx, dut, weights: list[list[tuple[int, int]]]):
    width = dut.config.row_entries
    entries = [entry for own in weights for entry in own]
    words = [number(pack_one(Entry(SMALL), skip=skip, magnitude=abs(code), negative=code < 0)[0])
             for skip, code in entries]
    rows = [sum(word << Entry(SMALL).size * index
                for index, word in enumerate(words[at:at + width]))
            for at in range(0, len(words), width)]
    counts = np.array([len(own) for own in weights])
    await load(ctx, dut, Target.WEIGHT, rows)
    await load(ctx, dut, Target.POINTER, [number(word) for word in pack(
        Pointer(SMALL), start=np.cumsum(counts) - counts, count=counts, taps=(counts > 0))])


async def load_channels(ctx, dut, biases: list[int], steps: list[int]):
    await load(ctx, dut, Target.CHANNEL, [number(word) for word in pack(
        Channel(SMALL), bias=np.array(biases), threshold_step=np.array(steps))])


async def sweep(ctx, dut):
    ctx.set(dut.clear, 1)
    for address in range(SMALL.potential_depth):
        ctx.set(dut.clear_address, address)
        await ctx.tick()
    ctx.set(dut.clear, 0)
    await ctx.tick()


async def integrate(ctx, dut, events: list[dict], block_channels: int | None):
    """Run a group, through the weight buffer in blocks of so many channels or, if none, without."""
    if block_channels is not None:
        marked = []
        for first in range(0, SOURCES, block_channels):
            block = range(first, first + block_channels)
            marked += [event for event in events if event["pointer"] in block] + [{"marker": 1}]
        events = marked
    ctx.set(dut.group, {
        "lanes": INDEX + 1, "direct": int(block_channels is None), "local_bits": LOCAL_BITS,
        "channels": SOURCES, "block_channels": block_channels or 0})
    await enter_tap(ctx, dut)
    ctx.set(dut.begin, 1)
    await ctx.tick()
    ctx.set(dut.begin, 0)
    await ctx.tick().repeat(2)
    await send_to(ctx, dut, events)
    await ctx.tick().repeat(2)
    while ctx.get(dut.busy):
        await ctx.tick()


async def enter_tap(ctx, dut):
    """Enter tap (0, 0), whose distance is 0, and wait until a lane knows of all that is set."""
    ctx.set(dut.entry, {"valid": 1, "tap": 0, "distance": 0})
    await ctx.tick()
    ctx.set(dut.entry, {"valid": 0})
    await ctx.tick()


async def send_to(ctx, dut, events: list[dict]):
    """Send events as a processor does, which knows of ``ready`` a cycle after it shows."""
    if dut.config.deep_pipeline:
        lag = lane_lag(dut.config)
        await send_late(ctx, dut.events, events, lag - 1, hold=lag + 1)
    else:
        await send(ctx, dut.events, events)


async def fire(ctx, dut, layer: dict) -> tuple[list, list]:
    """Fire all channels; return potential and time of each cycle, or ``None``."""
    potentials, times = [], []
    ctx.set(dut.layer, layer)
    for channel in [*range(CHANNELS), *[None] * fire_latency(dut.config)]:
        ctx.set(dut.neuron_valid, channel is not None)
        if channel is not None:
            ctx.set(dut.neuron, {
                "address": channel, "lanes": INDEX + 1, "new_channel": 1, "channel": channel,
                "first": 1, "last": 1, "spike": channel})
        *_, has_potential, potential, has_time, time = await ctx.tick().sample(
            dut.potential_valid, dut.potential, dut.time_valid, dut.time)
        potentials.append(potential if has_potential else None)
        times.append(time if has_time else None)
    return potentials, times


def in_time(dut, potentials: list[int], times: list[int]) -> tuple[list, list]:
    """Return what :func:`fire` returns for these."""
    latency, before = fire_latency(dut.config), 6 if dut.config.deep_pipeline else 2
    return ([None] * before + potentials + [None] * (latency - before),
            [None] * latency + times)


def sums(weights: list, events: list[dict]) -> list[int]:
    """Return what events add to each potential."""
    found = [0] * CHANNELS
    for event in events:
        position = -1
        for skip, code in weights[event["pointer"]]:
            position += skip + 1
            product = NUMBERS.product(NUMBERS.exponent(spike=event["exponent"], weight=code))
            found[position] += product if code > 0 else -product
    return found


def random_events(rng: Random) -> list[dict]:
    return [PLACE | {"pointer": rng.randrange(SOURCES), "exponent": rng.randrange(NUMBERS.window)}
            for _ in range(40)]


@pytest.mark.parametrize("block_channels", [None, 4, 1])
@ROW_ENTRIES
@PIPELINES
def test_events_become_spikes(width, block_channels, deep):
    rng = Random(width)
    dut = Lane(replace(SMALL, row_entries=width, deep_pipeline=deep))
    weights, events = random_weights(rng), random_events(rng)
    biases = [rng.randint(-4096, 4096) for _ in range(CHANNELS)]
    steps = [rng.randint(20, 70) for _ in range(CHANNELS)]
    potentials = [bias + added for bias, added in zip(biases, sums(weights, events), strict=True)]
    spikes = [NUMBERS.fire(*membrane) for membrane in zip(potentials, steps, strict=True)]

    async def drive(ctx):
        await load_weights(ctx, dut, weights)
        await load_channels(ctx, dut, biases, steps)
        await sweep(ctx, dut)
        await integrate(ctx, dut, events, block_channels)
        assert await fire(ctx, dut, {}) == in_time(dut, potentials, spikes)
        for channel, wanted in enumerate(spikes):
            ctx.set(dut.spike_read, 1)
            ctx.set(dut.spike_address, channel)
            await ctx.tick().repeat(3 if deep else 1)
            assert ctx.get(dut.spike) == wanted
        assert await fire(ctx, dut, {}) == in_time(dut, biases, [
            NUMBERS.fire(*membrane) for membrane in zip(biases, steps, strict=True)])

    simulate(dut, drive)


@pytest.mark.parametrize("fraction", [0, 200, 256])
@PIPELINES
def test_leaky_neurons_keep_what_is_left(fraction, deep):
    rng, threshold = Random(fraction), 3000
    dut = Lane(replace(SMALL, deep_pipeline=deep))
    weights, events = random_weights(rng), random_events(rng)
    biases = [rng.randint(-4096, 4096) for _ in range(CHANNELS)]
    layer = {"leaky": 1, "keeps": 1, "threshold": threshold, "leak": fraction}

    async def drive(ctx):
        kept = [0] * CHANNELS
        await load_weights(ctx, dut, weights)
        await load_channels(ctx, dut, biases, [0] * CHANNELS)
        await sweep(ctx, dut)
        for keeps in (1, 1, 0, 0):
            await integrate(ctx, dut, events, 4)
            potentials = [sum(parts) for parts in zip(
                kept, sums(weights, events), biases, strict=True)]
            spikes = [potential >= threshold for potential in potentials]
            assert await fire(ctx, dut, layer | {"keeps": keeps}) == in_time(
                dut, potentials, [0 if spike else SILENCE for spike in spikes])
            kept = [keeps and leak(potential - threshold * spike, fraction)
                    for potential, spike in zip(potentials, spikes, strict=True)]

    simulate(dut, drive)


def test_a_lane_without_a_channel_sits_out():
    dut = Lane(SMALL)

    async def drive(ctx):
        ctx.set(dut.index, INDEX)
        ctx.set(dut.neuron_valid, 1)
        ctx.set(dut.neuron, {"lanes": INDEX, "first": 1, "last": 1, "new_channel": 1})
        for _ in range(fire_latency(SMALL) + 2):
            assert not ctx.get(dut.potential_valid) and not ctx.get(dut.time_valid)
            assert not ctx.get(dut.activity.neuron) and not ctx.get(dut.activity.channel_read)
            await ctx.tick()

    simulate(dut, drive)


@pytest.mark.parametrize("direct", [0, 1])
def test_a_lane_without_a_channel_takes_events_and_does_nothing(direct):
    dut = Lane(SMALL)

    async def drive(ctx):
        ctx.set(dut.index, INDEX)
        ctx.set(dut.group, {"lanes": INDEX, "direct": direct, "channels": 4, "block_channels": 4})
        ctx.set(dut.begin, 1)
        ctx.set(dut.events.valid, 1)
        for marker in (0, 0, 1, 0, 0, 1):
            ctx.set(dut.events.p, PLACE | {"marker": marker})
            *_, ready, busy, activity = await ctx.tick().sample(
                dut.events.ready, dut.busy, dut.activity.as_value())
            assert (ready, busy, activity) == (1, 0, 0)
            ctx.set(dut.begin, 0)

    simulate(dut, drive)


@ROW_ENTRIES
@PIPELINES
def test_latency_and_throughput_of_additions(width, deep):
    dut = Lane(replace(SMALL, row_entries=width, deep_pipeline=deep))
    adds, weights, latency = [], [[(0, 1), (0, 2), (0, 3)]], 16 if deep else 7
    events = [PLACE | {"pointer": 0, "exponent": 0}] * 5

    async def drive(ctx):
        await load_weights(ctx, dut, weights)
        ctx.set(dut.group, {"lanes": INDEX + 1, "direct": 1, "local_bits": LOCAL_BITS})
        await enter_tap(ctx, dut)
        await send_to(ctx, dut, events)

    async def watch(ctx):
        while len(adds) < latency + 15:
            *_, taken, adding = await ctx.tick().sample(
                dut.events.valid & (dut.events.ready | deep), dut.activity.operation)
            if taken or adds:
                adds.append(adding)

    simulate(dut, drive, watch)
    assert adds == [0] * latency + [1] * 15
