"""A lane as a whole: from events to potentials, from there to spikes, and how long it takes."""

from random import Random

import pytest

from hw.compiler.packing import pack_one
from hw.lane.lane import FIRE_LATENCY, Lane
from hw.layout import Channel, Entry, Pointer, Target
from tests.hw.configurations import SMALL
from tests.hw.streams import send, simulate

INDEX, SILENCE = 2, SMALL.numbers.silence
EVENT_TO_ADDITION = 6
NEURON_TO_POTENTIAL = 2
PLACE = {"base": 0, "rows": 1, "columns": 1}


async def load(ctx, dut, target: Target, words: list[int], *, lane: int = INDEX):
    ctx.set(dut.index, INDEX)
    ctx.set(dut.words.valid, 1)
    for address, word in enumerate(words):
        ctx.set(dut.words.p, {"target": target, "lane": lane, "address": address, "data": word})
        await ctx.tick()
    ctx.set(dut.words.valid, 0)


async def load_weights(ctx, dut, weights: list[list[tuple[int, int]]]):
    """Load for each pointer its entries (skip, code), all of tap (0, 0), used directly."""
    entries = [entry for own in weights for entry in own]
    starts = [sum(map(len, weights[:index])) for index in range(len(weights))]
    await load(ctx, dut, Target.WEIGHT, [
        pack_one(Entry(SMALL), skip=skip, magnitude=abs(code), negative=int(code < 0))
        for skip, code in entries])
    await load(ctx, dut, Target.POINTER, [
        pack_one(Pointer(SMALL), start=start, count=len(own), taps=1 if own else 0)
        for start, own in zip(starts, weights, strict=True)])
    ctx.set(dut.group, {"direct": 1, "local_bits": 4})


async def sweep(ctx, dut):
    ctx.set(dut.clear, 1)
    for address in range(SMALL.potential_depth):
        ctx.set(dut.clear_address, address)
        await ctx.tick()
    ctx.set(dut.clear, 0)
    await ctx.tick()


@pytest.mark.parametrize("seed", range(3))
def test_events_become_spikes(seed):
    rng, dut, numbers = Random(seed), Lane(SMALL), SMALL.numbers
    weights = [[(rng.randrange(3), rng.choice([-1, 1]) * rng.randint(1, numbers.largest_code))
                for _ in range(rng.randrange(5))] for _ in range(8)]
    events = [PLACE | {"pointer": rng.randrange(8), "exponent": rng.randrange(numbers.window)}
              for _ in range(40)]
    biases = [rng.randint(-4096, 4096) for _ in range(16)]
    steps = [rng.randint(20, 70) for _ in range(16)]
    potentials = list(biases)
    for event in events:
        position = -1
        for skip, code in weights[event["pointer"]]:
            position += skip + 1
            product = numbers.product(numbers.exponent(spike=event["exponent"], weight=code))
            potentials[position] += product if code > 0 else -product
    seen, times = [], []

    async def drive(ctx):
        await load_weights(ctx, dut, weights)
        await load(ctx, dut, Target.CHANNEL, [
            pack_one(Channel(SMALL), bias=bias, threshold_step=step)
            for bias, step in zip(biases, steps, strict=True)])
        await load(ctx, dut, Target.CHANNEL, [0] * 16, lane=INDEX + 1)
        await sweep(ctx, dut)
        await send(ctx, dut.events, events)
        while ctx.get(dut.busy):
            await ctx.tick()
        for channel in [*range(16), *[None] * FIRE_LATENCY]:
            ctx.set(dut.neuron_valid, channel is not None)
            if channel is not None:
                ctx.set(dut.neuron, {
                    "address": channel, "lanes": INDEX + 1, "new_channel": 1, "channel": channel,
                    "first": 1, "last": 1, "spike": channel})
            *_, has_potential, potential, has_time, time = await ctx.tick().sample(
                dut.potential_valid, dut.potential, dut.time_valid, dut.time)
            seen.append(potential if has_potential else None)
            times.append(time if has_time else None)
        for channel, wanted in enumerate(spikes):
            ctx.set(dut.spike_read, 1)
            ctx.set(dut.spike_address, channel)
            await ctx.tick()
            assert ctx.get(dut.spike) == wanted

    spikes = [numbers.fire(*membrane) for membrane in zip(potentials, steps, strict=True)]
    simulate(dut, drive)
    after = FIRE_LATENCY - NEURON_TO_POTENTIAL
    assert seen == [None] * NEURON_TO_POTENTIAL + potentials + [None] * after
    assert times == [None] * FIRE_LATENCY + spikes


def test_a_lane_without_a_channel_sits_out():
    dut = Lane(SMALL)

    async def drive(ctx):
        ctx.set(dut.index, INDEX)
        ctx.set(dut.neuron_valid, 1)
        ctx.set(dut.neuron, {"lanes": INDEX, "first": 1, "last": 1, "new_channel": 1})
        for _ in range(FIRE_LATENCY + 2):
            assert not ctx.get(dut.potential_valid) and not ctx.get(dut.time_valid)
            assert not ctx.get(dut.activity.neuron) and not ctx.get(dut.activity.channel_read)
            await ctx.tick()

    simulate(dut, drive)


def test_latency_and_throughput_of_additions():
    dut, adds = Lane(SMALL), []
    weights = [[(0, 1), (0, 2), (0, 3)]]
    events = [PLACE | {"pointer": 0, "exponent": 0}] * 5

    async def drive(ctx):
        await load_weights(ctx, dut, weights)
        await send(ctx, dut.events, events)

    async def watch(ctx):
        while len(adds) < EVENT_TO_ADDITION + 15:
            *_, taken, adding = await ctx.tick().sample(
                dut.events.valid & dut.events.ready, dut.activity.operation)
            if taken or adds:
                adds.append(adding)

    simulate(dut, drive, watch)
    assert adds == [0] * EVENT_TO_ADDITION + [1] * 15
