"""The order in which neurons fire against nested loops, odd maps and pooling included."""

from itertools import product
from random import Random

import pytest

from hw.control.neuron_scanner import NeuronScanner
from tests.hw.configurations import SMALL
from tests.hw.streams import at_random, receive, simulate

LANES = SMALL.lanes


def random_layer(seed: int, height: int, width: int, pool: int) -> dict:
    rng = Random(seed)
    local_bits = rng.randrange(3)
    return {"height": height, "width": width, "pool": pool, "local_bits": local_bits,
            "row_stride": width << local_bits, "channels": rng.randint(1, LANES << local_bits),
            "channel": rng.randrange(20), "spikes": rng.randrange(20)}


def expected(layer: dict, fires: int) -> list[dict]:
    height, width, pool, neurons = layer["height"], layer["width"], layer["pool"], []
    spike = layer["spikes"]
    for local in range(-(-layer["channels"] // LANES)):
        is_new = 1
        for top, left in product(range(0, height, pool), range(0, width, pool)):
            is_whole = top + pool <= height and left + pool <= width
            for y, x in product(range(top, min(top + pool, height)),
                                range(left, min(left + pool, width))):
                is_last = fires and is_whole and (y, x) == (top + pool - 1, left + pool - 1)
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


def check(layers: list[dict], fires: int, pauses):
    dut = NeuronScanner(SMALL)

    async def drive(ctx):
        ctx.set(dut.fires, fires)
        for layer in layers:
            wanted = expected(layer, fires)
            ctx.set(dut.layer, layer)
            ctx.set(dut.begin, 1)
            await ctx.tick()
            ctx.set(dut.begin, 0)
            neurons = await receive(ctx, dut.neurons, len(wanted), pauses=pauses)
            assert [{name: neuron[name] for name in want}
                    for neuron, want in zip(neurons, wanted, strict=True)] == wanted
            assert not ctx.get(dut.neurons.valid)

    simulate(dut, drive)


@pytest.mark.parametrize("pool", [1, 2, 3])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_neurons_in_order(share, pool):
    sides = [(1, 1), (1, 5), (5, 1), (2, 2), (3, 3), (4, 6), (5, 7), (6, 6), (7, 4), (8, 8)]
    layers = [random_layer(seed, height, width, pool)
              for seed, (height, width) in enumerate(sides) if min(height, width) >= pool]
    check(layers, 1, at_random(pool, share))


@pytest.mark.parametrize("seed", range(5))
def test_scores_write_no_spikes(seed):
    check([random_layer(seed, 1, 1, 1) for _ in range(3)], 0, at_random(seed, 0.3))


def test_one_neuron_per_cycle():
    dut, layer = NeuronScanner(SMALL), random_layer(2, 5, 7, 2)
    count = len(expected(layer, 1))

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
