"""Registers between steps: what goes in comes out, in order, and how long it takes."""

import re

import pytest
from amaranth import Cat, Module, Signal
from amaranth.back import verilog
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.pipeline import buffered, copied, decoupled, delayed, history
from tests.hw.streams import at_random, clocked, never, receive, send, simulate

CONNECTIONS = pytest.mark.parametrize("connect", [buffered, decoupled])


class Delay(wiring.Component):
    """``later`` is ``now`` of ``cycles`` cycles ago."""

    def __init__(self, cycles: int):
        self.cycles = cycles
        super().__init__({"now": In(8), "later": Out(8)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.later.eq(delayed(m, self.now, self.cycles))
        return m


class Connection(wiring.Component):
    """A stream that goes through registers."""

    def __init__(self, connect):
        self.connect = connect
        super().__init__({"source": In(stream.Signature(8)), "sink": Out(stream.Signature(8)),
                          "holds": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.holds.eq(self.connect(m, self.source, self.sink))
        return m


@pytest.mark.parametrize("cycles", [1, 2, 3])
def test_delay(cycles):
    dut, values = Delay(cycles), [3, 1, 4, 1, 5, 9, 2, 6]
    stimulus = [{"now": value} for value in values] + [{}] * cycles
    assert [later for later, in clocked(dut, stimulus, [dut.later])][cycles:] == values


class Copies(wiring.Component):
    """Two copies of ``now``, inverted; the second one resets."""

    now: In(8)
    first: Out(8)
    second: Out(8)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.first.eq(~copied(m, self.now)),
                     self.second.eq(~copied(m, self.now, resets=True))]
        return m


def test_a_copy_is_a_cycle_late():
    dut, values = Copies(), [3, 1, 4, 1, 5]
    seen = clocked(dut, [{"now": value} for value in [*values, 0]], [dut.first, dut.second])
    assert seen == [(255 - value, 255 - value) for value in [0, *values]]


def test_copies_are_marked_to_be_kept_apart():
    text = verilog.convert(Copies(), emit_src=False)
    assert len(re.findall(r"\(\* keep = .*\*\)\s+reg ", text)) == 2
    assert len(re.findall(r"if \(rst\)", text)) == 1


class Past(wiring.Component):
    """``now``, and as it was one and two cycles ago."""

    now: In(8)
    values: Out(24)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.values.eq(Cat(history(m, self.now, 2)))
        return m


def test_history_is_the_value_and_the_ones_before():
    dut, values = Past(), [3, 1, 4, 1, 5]
    seen = clocked(dut, [{"now": value} for value in values], [dut.values])
    assert [tuple(found.to_bytes(3, "little")) for found, in seen] == [
        *zip(values, [0, *values], [0, 0, *values], strict=False)]


def test_no_delay_is_no_register():
    value = Signal(3)
    assert delayed(None, value, 0) is value


@pytest.mark.parametrize("sent", [0.0, 0.5])
@pytest.mark.parametrize("taken", [0.0, 0.5, 0.9])
@CONNECTIONS
def test_all_arrives_in_order(connect, taken, sent):
    dut, values, found = Connection(connect), list(range(200)), []

    async def drive(ctx):
        await send(ctx, dut.source, values, pauses=at_random(1, sent))

    async def observe(ctx):
        found.extend(await receive(ctx, dut.sink, len(values), pauses=at_random(2, taken)))
        assert not ctx.get(dut.holds)

    simulate(dut, drive, observe)
    assert found == values


@CONNECTIONS
def test_one_in_each_cycle_after_one_cycle(connect):
    dut, seen = Connection(connect), []

    async def drive(ctx):
        await send(ctx, dut.source, range(20), pauses=never)

    async def watch(ctx):
        ctx.set(dut.sink.ready, 1)
        for _ in range(21):
            *_, valid, value = await ctx.tick().sample(dut.sink.valid, dut.sink.payload)
            seen.append(value if valid else None)

    simulate(dut, drive, watch)
    assert seen == [None, *range(20)]


@pytest.mark.parametrize("connect, room", [(buffered, 1), (decoupled, 2)])
def test_how_many_wait(connect, room):
    dut, taken = Connection(connect), []

    async def drive(ctx):
        ctx.set(dut.source.valid, 1)
        for _ in range(5):
            *_, ready = await ctx.tick().sample(dut.source.ready)
            taken.append(ready)
        ctx.set(dut.sink.ready, 1)
        assert ctx.get(dut.source.ready) == (connect is buffered)

    simulate(dut, drive)
    assert sum(taken) == room
