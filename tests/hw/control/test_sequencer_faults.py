"""Programs that cannot be, and problems that others find: each ends in its fault."""

import pytest

from hw.control.sequencer import Sequencer
from hw.instruction import Opcode
from hw.layout import Fault
from tests.hw.control.test_sequencer import (
    CONFIG,
    FIRE,
    GROUP_SIZES,
    INTEGRATE,
    LAYER_SIZES,
    OUTPUT,
    SOME_SCORES,
    STROBES,
    UNKNOWN,
    blocks_around,
    expected,
    instruction,
    run,
    start,
)
from tests.hw.streams import simulate


@pytest.mark.parametrize("position", [0, 1, CONFIG.instruction_depth - 1])
def test_an_unknown_opcode_is_a_fault(position):
    events, fault = run([INTEGRATE] * position + [UNKNOWN])
    assert fault == Fault.OPCODE
    assert events == expected([INTEGRATE] * position)


@pytest.mark.parametrize("opcode, field, value", [
    *((Opcode.INTEGRATE, name, 0) for name in GROUP_SIZES),
    (Opcode.INTEGRATE, "kernel", CONFIG.max_kernel + 1),
    (Opcode.INTEGRATE, "block_channels", 2 * CONFIG.lanes - 1),
    (Opcode.INTEGRATE, "block_channels", CONFIG.lanes - 1),
    *((opcode, name, 0) for opcode in (Opcode.FIRE, Opcode.SCORES) for name in LAYER_SIZES)])
def test_an_impossible_size_is_a_fault(opcode, field, value):
    events, fault = run([FIRE, instruction(opcode, **{field: value})])
    assert fault == Fault.OPERAND
    assert events == expected([FIRE])


@pytest.mark.parametrize("word", [INTEGRATE, FIRE, SOME_SCORES])
def test_a_program_that_does_not_end_is_a_fault(word):
    events, fault = run([word] * CONFIG.instruction_depth)
    assert fault == Fault.UNENDING
    assert events == expected([word] * (CONFIG.instruction_depth - 1))


@pytest.mark.parametrize("problem", [Fault.ADDRESS, Fault.STALL])
@pytest.mark.parametrize("delay", [2, 6, 15, 20, 24, 30])
def test_a_problem_stops_it_at_work(delay, problem):
    """While taps are worked out, a group integrates, neurons fire and settle, scores are read."""
    dut = Sequencer(CONFIG)

    async def drive(ctx):
        ctx.set(dut.problem, problem)   # not running: nobody's problem
        await start(ctx, dut)
        ctx.set(dut.problem, Fault.NONE)
        for _ in range(delay):
            await ctx.tick()
        ctx.set(dut.problem, problem)
        await ctx.tick()
        ctx.set(dut.problem, Fault.NONE)
        for _ in range(40):
            assert ctx.get(dut.fault) == problem
            assert not ctx.get(dut.running) and not ctx.get(dut.ready)
            assert not any(ctx.get(getattr(dut, name)) for name in STROBES)
            await ctx.tick()

    simulate(dut, drive, *blocks_around(dut, [INTEGRATE, FIRE, OUTPUT]))
