"""Programs step by step: sweep, instructions, slices and ends."""

from dataclasses import replace
from random import Random

import pytest

from hw.compiler.packing import pack_one
from hw.control.sequencer import LIVE_SLICES, Sequencer
from hw.instruction import FireInstruction, IntegrateInstruction, Opcode
from hw.lane.lane import fire_latency
from hw.layout import Fault
from tests.hw.configurations import SMALL
from tests.hw.streams import answer, simulate

# Kernels and blocks too large can be told from those that are not.
CONFIG = replace(SMALL, max_kernel=5)
STROBES = ("tabulate", "integrate", "scan", "save")
# Cycles that the blocks of the bench take: taps, a synapse group, a layer, the scores, the report.
TAPS, GROUP, NEURONS, SCORES, REPORT = 3, 5, 4, 6, 7
GROUP_SIZES = ("lanes", "height", "width", "channels", "block_channels", "kernel",
               "out_height", "out_width")
LAYER_SIZES = ("height", "width", "channels", "pool")


def instruction(opcode: Opcode, **fields) -> int:
    """Return an instruction of the smallest sizes that there are, but for the given fields."""
    is_group = opcode == Opcode.INTEGRATE
    layout = (IntegrateInstruction if is_group else FireInstruction)(CONFIG)
    sizes = dict.fromkeys(GROUP_SIZES if is_group else LAYER_SIZES, 1)
    limbs, = pack_one(layout, opcode=opcode, **(sizes | fields))
    return sum(int(limb) << 32 * index for index, limb in enumerate(limbs))


INTEGRATE, STREAMED = instruction(Opcode.INTEGRATE), instruction(Opcode.INTEGRATE, streamed=1)
PART, FIRE = instruction(Opcode.FIRE), instruction(Opcode.FIRE, ends=1)
SOME_SCORES, OUTPUT = instruction(Opcode.SCORES), instruction(Opcode.SCORES, ends=1)
UNKNOWN = 3


def busy_for(dut, strobe: str, port: str, cycles: int, *, idle: int):
    """Return a background bench: after ``strobe``, ``port`` leaves ``idle`` for so many cycles."""
    async def block(ctx):
        ctx.set(getattr(dut, port), idle)
        while True:
            *_, begins = await ctx.tick().sample(getattr(dut, strobe))
            if begins:
                ctx.set(getattr(dut, port), 1 - idle)
                for _ in range(cycles):
                    await ctx.tick()
                ctx.set(getattr(dut, port), idle)

    block.is_background = True
    return block


def scores(dut):
    """The score reader: one pulse, some cycles after the scan of an output layer began."""
    async def block(ctx):
        while True:
            *_, begins, fetched = await ctx.tick().sample(dut.scan, dut.instruction)
            if begins and fetched["opcode"] == Opcode.SCORES:
                for _ in range(SCORES):
                    await ctx.tick()
                ctx.set(dut.scored, 1)
                await ctx.tick()
                ctx.set(dut.scored, 0)

    block.is_background = True
    return block


def blocks_around(dut, program: list[int]) -> list:
    """Return benches for the program memory and for all that the sequencer starts."""
    program = [*program, *[UNKNOWN] * (CONFIG.instruction_depth - len(program))]
    return [answer(dut.instruction_read, dut.instruction_address, dut.instruction.as_value(),
                   program.__getitem__),
            busy_for(dut, "tabulate", "tabulated", TAPS, idle=1),
            busy_for(dut, "integrate", "integrating", GROUP, idle=0),
            busy_for(dut, "scan", "scanning", NEURONS, idle=0),
            scores(dut), busy_for(dut, "report", "reported", REPORT, idle=0)]


async def start(ctx, dut):
    ctx.set(dut.may_start, 1)
    while not ctx.get(dut.ready):
        await ctx.tick()
    ctx.set(dut.start, 1)
    await ctx.tick()
    ctx.set(dut.start, 0)


def run(program: list[int], config=CONFIG, *, inferences: int = 1) -> tuple[list[tuple], Fault]:
    """Run a program; return (cycle, strobe) of all strobes, and the fault."""
    dut, events, faults = Sequencer(config), [], []

    async def drive(ctx):
        for _ in range(inferences):
            await start(ctx, dut)
            cycle = 0
            while not ctx.get(dut.ready) and ctx.get(dut.fault) == Fault.NONE:
                ports = [getattr(dut, name) for name in (*STROBES, "running", "report")]
                *flags, running, report = (await ctx.tick().sample(*ports))[2:]
                events.extend((cycle, name) for name, flag in zip(STROBES, flags, strict=True)
                              if flag)
                if ctx.get(dut.fault) == Fault.NONE:
                    assert running == (not report)
                cycle += 1
        faults.append(ctx.get(dut.fault))
        assert not (ctx.get(dut.fault) != Fault.NONE and ctx.get(dut.running))

    simulate(dut, drive, *blocks_around(dut, program))
    return events, faults[0]


def expected(program: list[int]) -> list[tuple[int, str]]:
    """Return when each strobe comes: two cycles of fetch, then each block in turn."""
    cycle, events = 0, []
    for word in program:
        decode = cycle + 1
        if word == INTEGRATE:
            begins = decode + TAPS + 1
            events += [(decode, "tabulate"), (begins, "integrate")]
            cycle = begins + GROUP + 2
        else:
            fires = NEURONS + fire_latency(CONFIG)
            stops = decode + (fires if word in (PART, FIRE) else SCORES + 1)
            events += [(decode, "scan"), *([(stops, "save")] if word in (FIRE, OUTPUT) else [])]
            cycle = stops + 1
    return events


@pytest.mark.parametrize("program", [
    [OUTPUT], [INTEGRATE, OUTPUT], [INTEGRATE, FIRE, INTEGRATE, OUTPUT],
    [INTEGRATE, INTEGRATE, FIRE, FIRE, INTEGRATE, OUTPUT],
    [INTEGRATE, PART, INTEGRATE, FIRE, INTEGRATE, SOME_SCORES, SOME_SCORES, OUTPUT],
    [INTEGRATE] * (CONFIG.instruction_depth - 1) + [OUTPUT]])
@pytest.mark.parametrize("counters", [True, False])
def test_runs_a_program(program, counters):
    events, fault = run(program, replace(CONFIG, counters=counters), inferences=2)
    assert events == 2 * expected(program)
    assert fault == Fault.NONE


def test_reads_each_instruction_once():
    program, dut, reads, fetches = [INTEGRATE, FIRE, INTEGRATE, OUTPUT], Sequencer(CONFIG), [], []

    async def drive(ctx):
        for _ in range(2):
            await start(ctx, dut)
            while not ctx.get(dut.ready):
                await ctx.tick()

    async def watch(ctx):
        while True:
            *_, is_read, address, is_fetched = await ctx.tick().sample(
                dut.instruction_read, dut.instruction_address, dut.fetches)
            reads.extend([address] if is_read else [])
            fetches.append(is_fetched)

    watch.is_background = True
    simulate(dut, drive, watch, *blocks_around(dut, program))
    assert reads == 2 * [0, 1, 2, 3] and sum(fetches) == len(reads)


@pytest.mark.parametrize("haste", [0.02, 0.2, 1.0])
def test_a_streamed_group_waits_for_its_slice(haste):
    program = [STREAMED, INTEGRATE, STREAMED, PART, STREAMED, STREAMED, OUTPUT]
    rng, dut = Random(1), Sequencer(CONFIG)
    streamed = [word for word in program if word in (STREAMED, INTEGRATE)]

    async def drive(ctx):
        loaded = finished = waits = 0
        for _ in range(2):
            groups = list(streamed)
            await start(ctx, dut)
            works = False
            while not ctx.get(dut.ready):
                loads = ctx.get(dut.slice_room) and rng.random() < haste
                ctx.set(dut.slice_loaded, loads)
                *_, begins, fetches, awaits, room = await ctx.tick().sample(
                    dut.integrate, dut.fetches, dut.awaits_slice, dut.slice_room)
                if fetches and works:
                    finished, works = finished + 1, False
                assert room == (loaded - finished < LIVE_SLICES)
                if begins:
                    works = groups.pop(0) == STREAMED
                    assert not works or loaded > finished
                if awaits:
                    assert groups[0] == STREAMED and loaded == finished
                waits, loaded = waits + awaits, loaded + loads
            assert not groups
        assert (waits > 0) == (haste < 0.1)

    simulate(dut, drive, *blocks_around(dut, program))


def test_sweeps_every_potential_after_reset():
    dut = Sequencer(SMALL)

    async def drive(ctx):
        ctx.set(dut.may_start, 1)
        ctx.set(dut.start, 1)   # ignored: not ready
        swept = []
        while ctx.get(dut.clear):
            assert not ctx.get(dut.ready) and not ctx.get(dut.running)
            swept.append((await ctx.tick().sample(dut.clear_address))[-1])
        assert swept == list(range(SMALL.potential_depth))
        assert ctx.get(dut.ready)

    simulate(dut, drive)


def test_waits_for_what_is_being_loaded():
    dut = Sequencer(SMALL)

    async def drive(ctx):
        for _ in range(SMALL.potential_depth):
            await ctx.tick()
        ctx.set(dut.start, 1)
        for _ in range(3):
            assert not ctx.get(dut.ready) and not ctx.get(dut.running)
            await ctx.tick()
        ctx.set(dut.may_start, 1)
        assert ctx.get(dut.ready)
        await ctx.tick()
        assert ctx.get(dut.running) and not ctx.get(dut.ready)

    simulate(dut, drive)
