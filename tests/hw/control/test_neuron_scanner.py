"""The order in which neurons fire against nested loops, odd maps and pooling included."""

from itertools import product
from random import Random

import pytest

from hw.control.neuron_scanner import NeuronScanner
from tests.hw.configurations import SMALL
from tests.hw.streams import at_random, receive, simulate

LANES = SMALL.lanes


def random_layer(seed: int, height: int, width: int, pool: int, writes: int = 1) -> dict:
    rng = Random(seed)
    local_bits = rng.randrange(3)
    return {"writes": writes, "height": height, "width": width, "pool": pool,
            "local_bits": local_bits, "row_stride": width << local_bits,
            "channels": rng.randint(1, LANES << local_bits),
            "channel": rng.randrange(20), "spikes": rng.randrange(20)}


def expected(layer: dict) -> list[dict]:
    height, width, pool, neurons = layer["height"], layer["width"], layer["pool"], []
    spike = layer["spikes"]
    for local in range(-(-layer["channels"] // LANES)):
        is_new = 1
        for top, left in product(range(0, height, pool), range(0, width, pool)):
            is_whole = top + pool <= height and left + pool <= width
            for y, x in product(range(top, min(top + pool, height)),
                                range(left, min(left + pool, width))):
                is_last = (layer["writes"] and is_whole
                           and (y, x) == (top + pool - 1, left + pool - 1))
                neurons.append({
                    "address": (y * width + x << layer["local_bits"]) + local,
                    "lanes": min(LANES, layer["channels"] - local * LANES),
                    "new_channel": is_new, "channel": layer["channel"] + local,
                    "first": int((y, x) == (top, left)), "last": int(is_last)})
                if is_last:
                    neurons[-1]["spike"] = spike
                    spike += 1
                is_new = 0
    return neurons


def check(layers: list[dict], pauses):
    dut = NeuronScanner(SMALL)

    async def drive(ctx):
        for layer in layers:
            wanted = expected(layer)
            ctx.set(dut.layer, layer)
            ctx.set(dut.begin, 1)
            await ctx.tick()
            ctx.set(dut.begin, 0)
            neurons = await receive(ctx, dut.neurons, len(wanted), pauses=pauses)
            assert [{name: neuron[name] for name in want}
                    for neuron, want in zip(neurons, wanted, strict=True)] == wanted
            assert not ctx.get(dut.neurons.valid) and not ctx.get(dut.strays)

    simulate(dut, drive)


@pytest.mark.parametrize("pool", [1, 2, 3])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_neurons_in_order(share, pool):
    sides = [(1, 1), (1, 5), (5, 1), (2, 2), (3, 3), (4, 6), (5, 7), (6, 6), (7, 4), (8, 8)]
    layers = [random_layer(seed, height, width, pool)
              for seed, (height, width) in enumerate(sides) if min(height, width) >= pool]
    check(layers, at_random(pool, share))


@pytest.mark.parametrize("pool", [1, 2])
def test_layers_that_write_no_spikes(pool):
    check([random_layer(seed, 3, 4, pool, writes=0) for seed in range(4)], at_random(pool, 0.3))


@pytest.mark.parametrize("changes, strays", [
    ({}, False), ({"row_stride": SMALL.potential_depth - 3}, False),
    ({"row_stride": SMALL.potential_depth - 2}, True),
    ({"spikes": SMALL.spike_depth - 6}, False), ({"spikes": SMALL.spike_depth - 5}, True),
    ({"spikes": SMALL.spike_depth - 5, "writes": 0}, False),
    ({"channel": SMALL.channel_depth - 1}, False),
    ({"channel": SMALL.channel_depth - 1, "channels": LANES + 1, "writes": 0}, True)])
def test_strays_beyond_the_end_of_a_memory(changes, strays):
    dut = NeuronScanner(SMALL)
    layer = {"height": 2, "width": 3, "channels": LANES, "pool": 1, "row_stride": 3, "writes": 1,
             **changes}

    async def drive(ctx):
        ctx.set(dut.neurons.ready, 1)
        ctx.set(dut.layer, layer)
        ctx.set(dut.begin, 1)
        await ctx.tick()
        ctx.set(dut.begin, 0)
        seen = []
        while ctx.get(dut.neurons.valid):
            seen.append((await ctx.tick().sample(dut.strays))[-1])
        assert any(seen) == strays

    simulate(dut, drive)


def test_one_neuron_per_cycle():
    dut, layer = NeuronScanner(SMALL), random_layer(2, 5, 7, 2)
    count = len(expected(layer))

    async def drive(ctx):
        ctx.set(dut.layer, layer)
        ctx.set(dut.begin, 1)
        ctx.set(dut.neurons.ready, 1)
        valid = []
        for _ in range(count + 3):
            valid.append((await ctx.tick().sample(dut.neurons.valid))[-1])
            ctx.set(dut.begin, 0)
        assert valid == [0, *[1] * count, 0, 0]

    simulate(dut, drive)
