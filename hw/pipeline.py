"""Registers between the steps of a pipeline."""

from amaranth import *

__all__ = ["buffered", "copied", "decoupled", "delayed", "history"]


def delayed(m: Module, value, cycles: int):
    """Return ``value`` as it was ``cycles`` cycles ago; for 0 cycles itself, without a register."""
    for _ in range(cycles):
        later = Signal.like(value)
        m.d.sync += later.eq(value)
        value = later
    return value


def history(m: Module, value, cycles: int) -> list:
    """Return ``value`` as it is, and as it was 1 to ``cycles`` cycles ago."""
    values = [value]
    for _ in range(cycles):
        values.append(delayed(m, values[-1], 1))
    return values


def copied(m: Module, value, *, resets: bool = False):
    """Return ``value`` as it was in the cycle before, in registers of this block's own.

    Synthesis keeps them, though other blocks have equal ones: a signal that goes to many places
    crosses the chip once, and from there on its wires are short. Reset sets them to zero if it
    ``resets``, else leaves them.
    """
    copy = Signal.like(value, attrs={"keep": 1}, reset_less=not resets)
    m.d.sync += copy.eq(value)
    return copy


def buffered(m: Module, source, sink) -> Signal:
    """Connect a stream to another one through a register; return whether it holds something.

    One payload per cycle, latency one cycle; ``ready`` passes at once.
    """
    held, holds = Signal.like(source.p), Signal()
    m.d.comb += [source.ready.eq(~holds | sink.ready), sink.valid.eq(holds), sink.p.eq(held)]
    with m.If(source.ready):
        m.d.sync += [holds.eq(source.valid), held.eq(source.p)]
    return holds


def decoupled(m: Module, source, sink) -> Signal:
    """Connect a stream to another one through two registers; return whether they hold something.

    One payload per cycle, latency one cycle; no path leads from ``sink.ready`` to ``source.ready``.
    """
    head, spare = Signal.like(source.p), Signal.like(source.p)
    holds, holds_spare, takes = Signal(), Signal(), Signal()
    m.d.comb += [source.ready.eq(~holds_spare), takes.eq(source.valid & ~holds_spare),
                 sink.valid.eq(holds), sink.p.eq(head)]
    with m.If(sink.ready | ~holds):
        m.d.sync += [Value.cast(head).eq(Mux(holds_spare, Value.cast(spare), Value.cast(source.p))),
                     holds.eq(holds_spare | takes), holds_spare.eq(0)]
    with m.Elif(takes):
        m.d.sync += [spare.eq(source.p), holds_spare.eq(1)]
    return holds
