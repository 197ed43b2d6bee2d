"""Programs step by step: sweep, instructions, ends and faults."""

from dataclasses import replace

import pytest

from hw.control.sequencer import Sequencer
from hw.instruction import Opcode
from hw.lane.lane import FIRE_LATENCY
from hw.layout import Fault
from tests.hw.configurations import SMALL
from tests.hw.streams import answer, simulate

STROBES = ("tabulate", "integrate", "scan", "save")
# Cycles that the blocks of the bench take: taps, a synapse group, a layer, the scores, the report.
TAPS, GROUP, NEURONS, SCORES, REPORT = 3, 5, 4, 6, 7


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


def run(program: list[int], config=SMALL, *, inferences: int = 1) -> tuple[list[tuple], Fault]:
    """Run a program of opcodes; return (cycle, strobe) of all strobes, and the fault."""
    dut, events, faults = Sequencer(config), [], []
    program = [*program, *[0] * (config.instruction_depth - len(program))]

    async def drive(ctx):
        ctx.set(dut.may_start, 1)
        while not ctx.get(dut.ready):
            await ctx.tick()
        for _ in range(inferences):
            ctx.set(dut.start, 1)
            await ctx.tick()
            ctx.set(dut.start, 0)
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

    simulate(dut, drive,
             answer(dut.instruction_read, dut.instruction_address, dut.instruction.as_value(),
                    program.__getitem__),
             busy_for(dut, "tabulate", "tabulated", TAPS, idle=1),
             busy_for(dut, "integrate", "integrating", GROUP, idle=0),
             busy_for(dut, "scan", "scanning", NEURONS, idle=0),
             scores(dut), busy_for(dut, "report", "reported", REPORT, idle=0))
    return events, faults[0]


INTEGRATE, FIRE, OUTPUT = (
    opcode.value for opcode in (Opcode.INTEGRATE, Opcode.FIRE, Opcode.SCORES))


def expected(program: list[int]) -> list[tuple[int, str]]:
    """Return when each strobe comes: two cycles of fetch, then each block in turn."""
    cycle, events = 0, []
    for opcode in program:
        decode = cycle + 1
        if opcode == INTEGRATE:
            begins = decode + TAPS + 1
            events += [(decode, "tabulate"), (begins, "integrate")]
            cycle = begins + GROUP + 2
        else:
            ends = decode + (NEURONS + FIRE_LATENCY if opcode == FIRE else SCORES + 1)
            events += [(decode, "scan"), (ends, "save")]
            cycle = ends + 1
    return events


@pytest.mark.parametrize("program", [
    [OUTPUT], [INTEGRATE, OUTPUT], [INTEGRATE, FIRE, INTEGRATE, OUTPUT],
    [INTEGRATE, INTEGRATE, FIRE, FIRE, INTEGRATE, OUTPUT],
    [INTEGRATE] * (SMALL.instruction_depth - 1) + [OUTPUT]])
@pytest.mark.parametrize("counters", [True, False])
def test_runs_a_program(program, counters):
    events, fault = run(program, replace(SMALL, counters=counters), inferences=2)
    assert events == 2 * expected(program)
    assert fault == Fault.NONE


@pytest.mark.parametrize("position", [0, 1, SMALL.instruction_depth - 2])
def test_an_unknown_opcode_is_a_fault(position):
    events, fault = run([INTEGRATE] * position + [3, OUTPUT])
    assert fault == Fault.OPCODE
    assert events == expected([INTEGRATE] * position)


@pytest.mark.parametrize("opcode", [INTEGRATE, FIRE])
def test_a_program_without_scores_is_a_fault(opcode):
    events, fault = run([opcode] * SMALL.instruction_depth)
    assert fault == Fault.UNENDING
    whole = expected([opcode] * (SMALL.instruction_depth - 1))
    assert events[:len(whole)] == whole


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
