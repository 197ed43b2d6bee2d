"""The whole processor against the oracle: stalls, repetition, reset at any time, load faults."""

from dataclasses import replace
from random import Random

import pytest
from amaranth.hdl import ResetInserter, Signal

from hw.compiler import compile_network
from hw.compiler.packing import pack_one, stream_words
from hw.counters import COUNTERS
from hw.instruction import FireInstruction, Opcode
from hw.layout import Fault, Target
from hw.numbers import NumberFormat
from hw.processor import Processor
from tests import oracle
from tests.hw.configurations import SMALL
from tests.hw.streams import at_random, never, receive, send, simulate
from tests.networks import random_images, random_network

CONFIG = replace(SMALL, potential_depth=64, spike_depth=64, pixel_depth=64, weight_depth=512,
                 weight_buffer_depth=32)
# Three layers each, 3x3 and linear; blocks of 4 and of 1 channel; pooling of an odd map.
SEEDS = {"deep": 24, "pooled": 88}
LIMIT = 30_000
# The instruction of a layer of one neuron.
FIRE_ONE = pack_one(FireInstruction(CONFIG), opcode=Opcode.FIRE, height=1, width=1, channels=1,
                    pool=1)


def network(name: str):
    return random_network(SEEDS[name], numbers=NumberFormat(), most_layers=3, most_channels=8,
                          most_side=5)


class Bench:
    """A processor, its program, and images with their scores."""

    def __init__(self, name: str, config=CONFIG, images: int = 2):
        self.network, self.config = network(name), config
        self.program = compile_network(self.network, config)
        self.images = random_images(SEEDS[name], self.network, images)
        self.scores = [oracle.infer(self.network, image.tolist())[0] for image in self.images]

    async def load(self, ctx, dut, *, pauses=never):
        await send(ctx, dut.load, self.program.load_words.tolist(), pauses=pauses)

    async def load_image(self, ctx, dut, index: int, *, pauses=never):
        await send(ctx, dut.load, self.program.image_words(self.images[index]).tolist(),
                   pauses=pauses)

    async def infer(self, ctx, dut, *, pauses=never) -> tuple[list[int], list[dict[str, int]]]:
        """Return the scores, and the counts of each layer."""
        await start(ctx, dut)
        classes = self.program.classes
        totals = len(self.program.layers) * len(COUNTERS) if self.config.counters else 0
        words = await receive(ctx, dut.readout, classes + totals, pauses=pauses)
        assert [word["last"] for word in words] == [0] * (len(words) - 1) + [1]
        values = [word["word"] for word in words]
        scores = [value - (value >> 31 << 32) for value in values[:classes]]
        rows = [values[first:first + len(COUNTERS)]
                for first in range(classes, len(values), len(COUNTERS))]
        return scores, [dict(zip(COUNTERS, row, strict=True)) for row in rows]


async def start(ctx, dut):
    while not ctx.get(dut.status.ready):
        assert ctx.get(dut.status.fault) == Fault.NONE
        await ctx.tick()
    ctx.set(dut.start, 1)
    await ctx.tick()
    ctx.set(dut.start, 0)


@pytest.mark.parametrize("counters, share", [(True, 0.3), (False, 0.5)])
def test_two_networks_one_after_the_other(counters, share):
    config = replace(CONFIG, counters=counters)
    dut, benches = Processor(config), [Bench(name, config) for name in SEEDS]

    async def drive(ctx):
        for bench in benches:
            await bench.load(ctx, dut, pauses=at_random(1, share))
            for index, wanted in enumerate(bench.scores):
                await bench.load_image(ctx, dut, index, pauses=at_random(index, share))
                scores, _ = await bench.infer(ctx, dut, pauses=at_random(index, share))
                assert scores == wanted

    simulate(dut, drive, limit=LIMIT)


def test_the_same_image_again():
    bench, dut = Bench("pooled"), Processor(CONFIG)

    async def drive(ctx):
        await bench.load(ctx, dut)
        await bench.load_image(ctx, dut, 0)
        scores, first = await bench.infer(ctx, dut)
        assert scores == bench.scores[0]
        assert first[0]["input_bits"] == 8 * bench.images[0].size
        unloaded = [row | {"input_bits": 0} for row in first]
        assert await bench.infer(ctx, dut) == (scores, unloaded)

    simulate(dut, drive, limit=LIMIT)


def test_stalls_of_the_readout_change_no_count_but_the_last_cycles():
    bench, dut = Bench("pooled"), Processor(CONFIG)

    async def drive(ctx):
        await bench.load(ctx, dut)
        for share in (0.0, 0.8):
            await bench.load_image(ctx, dut, 0)
            scores, counts = await bench.infer(ctx, dut, pauses=at_random(1, share))
            assert scores == bench.scores[0]
            cycles.append(counts[-1].pop("cycles") - counts[-2]["cycles"])
            seen.append(counts)
        assert seen[0] == seen[1]
        assert cycles[0] < cycles[1]

    cycles, seen = [], []
    simulate(dut, drive, limit=LIMIT)


@pytest.mark.parametrize("seed", range(2))
def test_reset_in_mid_inference(seed):
    bench, reset, rng = Bench("deep"), Signal(), Random(seed)
    dut = ResetInserter(reset)(Processor(CONFIG))

    async def drive(ctx):
        await bench.load(ctx, dut)
        for index, wanted in enumerate(bench.scores):
            await bench.load_image(ctx, dut, index)
            await start(ctx, dut)
            ctx.set(dut.readout.ready, 1)
            for _ in range(rng.randint(1, 600)):
                await ctx.tick()
            ctx.set(dut.readout.ready, 0)
            ctx.set(reset, 1)
            await ctx.tick()
            ctx.set(reset, 0)
            assert not ctx.get(dut.status.ready)
            for _ in range(CONFIG.potential_depth):
                await ctx.tick()
            assert ctx.get(dut.status.ready)
            scores, counts = await bench.infer(ctx, dut)
            assert scores == wanted
            ctx.set(reset, 1)
            await ctx.tick()
            ctx.set(reset, 0)
            assert (await bench.infer(ctx, dut)) == (wanted, counts)

    simulate(dut, drive, limit=LIMIT)


def test_reset_in_a_packet_drops_it():
    bench, reset = Bench("pooled"), Signal()
    dut = ResetInserter(reset)(Processor(CONFIG))

    async def drive(ctx):
        await bench.load(ctx, dut)
        await send(ctx, dut.load, bench.program.image_words(bench.images[0]).tolist()[:7])
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        await bench.load_image(ctx, dut, 1)
        assert (await bench.infer(ctx, dut))[0] == bench.scores[1]

    simulate(dut, drive, limit=LIMIT)


def test_is_not_ready_while_a_packet_is_incomplete():
    dut = Processor(CONFIG)

    async def drive(ctx):
        await send(ctx, dut.load, [Target.PIXEL.value, 0, 2, 11])
        assert not ctx.get(dut.status.ready)
        ctx.set(dut.start, 1)
        await ctx.tick()
        ctx.set(dut.start, 0)
        await send(ctx, dut.load, [22])
        await ctx.tick()
        assert ctx.get(dut.status.ready)

    simulate(dut, drive)


@pytest.mark.parametrize("header, fault", [
    ((9, 0, 1), Fault.TARGET), ((Target.WEIGHT.value | CONFIG.lanes << 8, 0, 1), Fault.LANE),
    ((Target.PIXEL.value, CONFIG.pixel_depth, 1), Fault.LENGTH)])
def test_a_load_fault_stops_it_until_reset(header, fault):
    bench, reset = Bench("pooled"), Signal()
    dut = ResetInserter(reset)(Processor(CONFIG))

    async def drive(ctx):
        await bench.load(ctx, dut)
        await bench.load_image(ctx, dut, 0)
        await send(ctx, dut.load, header)
        ctx.set(dut.start, 1)
        for _ in range(5):
            assert ctx.get(dut.status.fault) == fault
            assert not ctx.get(dut.status.ready) and not ctx.get(dut.load.ready)
            await ctx.tick()
        ctx.set(dut.start, 0)
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        assert ctx.get(dut.status.fault) == Fault.NONE
        assert (await bench.infer(ctx, dut))[0] == bench.scores[0]

    simulate(dut, drive, limit=LIMIT)


@pytest.mark.parametrize("instructions, fault", [
    ([3], Fault.OPCODE), ([FIRE_ONE] * CONFIG.instruction_depth, Fault.UNENDING)])
def test_a_bad_program_is_a_fault(instructions, fault):
    dut, width = Processor(CONFIG), CONFIG.memories["instruction"].width_bits
    words = stream_words(instructions, width).tolist()

    async def drive(ctx):
        await send(ctx, dut.load, [Target.INSTRUCTION.value, 0, len(instructions), *words])
        await start(ctx, dut)
        while ctx.get(dut.status.fault) == Fault.NONE:
            assert not ctx.get(dut.status.ready)
            await ctx.tick()
        assert ctx.get(dut.status.fault) == fault

    simulate(dut, drive, limit=LIMIT)
