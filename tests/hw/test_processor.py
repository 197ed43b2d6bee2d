"""The whole processor against the oracle: every kind of network, stalls, reset at any time."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from hw.compiler import compile_network
from hw.compiler.packets import Packet, to_beats
from hw.layout import Target
from hw.numbers import NumberFormat
from tests.hw.processor_bench import CONFIG, NetworkBench, beats_of
from tests.hw.streams import at_random
from tests.networks import random_network

LARGE_KERNELS = replace(CONFIG, max_kernel=5)
FEW_WEIGHTS = {"weight_depth": 64, "pointer_depth": 96}


def network(seed: int, **options):
    return random_network(seed, numbers=NumberFormat(), most_layers=3, most_channels=8,
                          most_side=5, **options)


def deep():
    """Return three layers, 3x3 and linear; blocks of 4 and of 1 channel."""
    return network(12)


def pooled():
    """Return three layers with pooling of an odd map."""
    return network(53)


def strided(neuron: str = "ttfs", seed: int = 187):
    """Return two layers with strides and kernels beyond the small configuration's."""
    return random_network(seed, numbers=NumberFormat(), scope="format", neuron=neuron,
                          most_layers=2, most_channels=6, most_side=3, most_kernel=5)


def leaky():
    return strided("lif", 164)


# What each case covers is checked below.
CASES = {
    "strided": (strided, LARGE_KERNELS), "large kernels cut": (strided, CONFIG),
    "streamed wide": (deep, replace(CONFIG, **FEW_WEIGHTS, stream_bits=256, row_entries=4)),
    "leaky streamed": (leaky, replace(LARGE_KERNELS, **FEW_WEIGHTS, row_entries=1)),
    "blocks in a deep pipeline": (deep, replace(CONFIG, weight_buffer_depth=4, deep_pipeline=True)),
    "leaky in a deep pipeline": (leaky, replace(LARGE_KERNELS, deep_pipeline=True)),
}


@pytest.mark.parametrize("case", CASES)
def test_images_back_to_back(case):
    make, config = CASES[case]
    bench = NetworkBench(make(), config)

    async def drive(ctx):
        await bench.load_program(ctx)
        for index, wanted in enumerate(bench.scores):
            bench.pauses = at_random(index, 0.5 * index)
            await bench.load_image(ctx, index)
            assert (await bench.infer(ctx, pauses=at_random(index, 0.3)))[0] == wanted

    bench.run(drive)
    assert bool(bench.program.slices) == ("streamed" in case)


def test_slices_of_several_inferences_offered_at_once():
    bench = NetworkBench(deep(), replace(CONFIG, **FEW_WEIGHTS))
    # Of an odd number, the last slice and the first of the next inference go to one place.
    assert len(bench.program.slices) % 2

    async def drive(ctx):
        await bench.load_program(ctx)
        await bench.load_image(ctx, 0)
        for _ in range(3):
            bench.queue.extend(beats_of(bench.program.streamed_words))
        for _ in range(3):
            assert (await bench.infer_offered(ctx))[0] == bench.scores[0]

    bench.run(drive)


def test_cases_cover_what_they_should():
    for make in (strided, leaky):
        groups = [group for layer in make().layers for group in layer.synapses]
        assert 2 in {group.stride for group in groups}
        assert max(group.kernel for group in groups) > CONFIG.max_kernel
    assert leaky().steps > 1
    assert any(pooled().neuron_shapes[layer.name].width % layer.pool for layer in pooled().layers)
    for make, config in ((deep, CONFIG), CASES["leaky streamed"]):
        groups = [group for layer in compile_network(make(), config).layers
                  for group in layer.groups]
        assert {group.fields["direct"] for group in groups} == {0, 1}


def test_two_networks_one_after_the_other_without_counters():
    bench = NetworkBench(deep(), replace(CONFIG, counters=False))
    bench.pauses = at_random(1, 0.5)

    async def drive(ctx):
        for found in (bench.network, pooled()):
            bench.use(found)
            await bench.load_program(ctx)
            for index, wanted in enumerate(bench.scores):
                await bench.load_image(ctx, index)
                scores, _ = await bench.infer(ctx, pauses=at_random(index, 0.5))
                assert scores == wanted

    bench.run(drive)


def test_the_same_image_again():
    bench = NetworkBench(pooled())

    async def drive(ctx):
        await bench.load_program(ctx)
        await bench.load_image(ctx, 0)
        scores, first = await bench.infer(ctx)
        assert scores == bench.scores[0]
        assert first[0]["input_bits"] == 8 * bench.images[0].size
        unloaded = [row | {"input_bits": 0} for row in first]
        assert await bench.infer(ctx) == (scores, unloaded)

    bench.run(drive)


def test_stalls_of_the_readout_change_no_count_but_the_last_cycles():
    bench, cycles, seen = NetworkBench(pooled()), [], []

    async def drive(ctx):
        await bench.load_program(ctx)
        for share in (0.0, 0.8):
            await bench.load_image(ctx, 0)
            scores, counts = await bench.infer(ctx, pauses=at_random(1, share))
            assert scores == bench.scores[0]
            cycles.append(counts[-1].pop("cycles") - counts[-2]["cycles"])
            seen.append(counts)

    bench.run(drive)
    assert seen[0] == seen[1]
    assert cycles[0] < cycles[1]


def test_stalls_of_the_load_stream_are_counted():
    bench, counts = NetworkBench(deep(), replace(CONFIG, **FEW_WEIGHTS, stream_bits=32)), []

    async def drive(ctx):
        await bench.load_program(ctx)
        await bench.load_image(ctx, 0)
        for share in (0.0, 0.9):
            bench.pauses = at_random(1, share)
            scores, rows = await bench.infer(ctx)
            assert scores == bench.scores[0]
            counts.append(rows[-1])

    bench.run(drive)
    fast, slow = counts
    assert fast["dram_stall_cycles"] < slow["dram_stall_cycles"] < slow["cycles"]
    slices = [packet for packets in bench.program.slices for packet in packets]
    assert slow["dram_read_bits"] == bench.config.stream_bits * len(to_beats(bench.config, slices))
    for name in ("cycles", "dram_stall_cycles", "dram_read_bits", "input_bits"):
        del fast[name], slow[name]
    assert fast == slow


@pytest.mark.parametrize("case", ["strided", "streamed wide"])
def test_reset_in_mid_inference(case):
    make, config = CASES[case]
    bench, rng = NetworkBench(make(), config), Random(1)
    streamed = beats_of(bench.program.streamed_words)

    async def drive(ctx):
        await bench.load_program(ctx)
        for index, wanted in enumerate(bench.scores):
            await bench.load_image(ctx, index)
            bench.queue.extend(streamed)
            await bench.start(ctx)
            ctx.set(bench.dut.readout.ready, 1)
            await ctx.tick().repeat(rng.randint(1, 600))
            ctx.set(bench.dut.readout.ready, 0)
            await bench.hit_reset(ctx)
            assert not ctx.get(bench.dut.status.ready)
            await ctx.tick().repeat(config.potential_depth)
            assert ctx.get(bench.dut.status.ready)
            assert (await bench.infer(ctx))[0] == wanted

    bench.run(drive)


def test_reset_in_a_packet_drops_it():
    bench = NetworkBench(pooled())

    async def drive(ctx):
        await bench.load_program(ctx)
        bench.queue.extend(beats_of(bench.program.image_words(bench.images[0]))[:7])
        while bench.queue:
            await ctx.tick()
        await bench.hit_reset(ctx)
        await bench.load_image(ctx, 1)
        assert (await bench.infer(ctx))[0] == bench.scores[1]

    bench.run(drive)


def test_is_not_ready_while_a_packet_is_incomplete():
    bench = NetworkBench(pooled())
    words = to_beats(CONFIG, [Packet(target=Target.PIXEL, lane=0, address=0,
                                     words=np.ones((2, 1, 1), np.uint32))])

    async def drive(ctx):
        await ctx.tick().repeat(CONFIG.potential_depth)
        assert ctx.get(bench.dut.status.ready)
        await bench.load(ctx, words[:-1])
        assert not ctx.get(bench.dut.status.ready)
        ctx.set(bench.dut.start, 1)
        await ctx.tick()
        ctx.set(bench.dut.start, 0)
        await bench.load(ctx, words[-1:])
        assert ctx.get(bench.dut.status.ready)

    bench.run(drive)
