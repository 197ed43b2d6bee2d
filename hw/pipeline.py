"""Registers between the steps of a pipeline."""

from amaranth import *

__all__ = ["buffered", "delayed"]


def delayed(m: Module, value, cycles: int):
    """Return ``value`` as it was ``cycles`` cycles ago; for 0 cycles itself, without a register."""
    for _ in range(cycles):
        later = Signal.like(value)
        m.d.sync += later.eq(value)
        value = later
    return value


def buffered(m: Module, source, sink) -> Signal:
    """Connect a stream to another one through a register; return whether it holds something.

    One payload per cycle, latency one cycle; ``ready`` passes at once.
    """
    held, holds = Signal.like(source.p), Signal()
    m.d.comb += [source.ready.eq(~holds | sink.ready), sink.valid.eq(holds), sink.p.eq(held)]
    with m.If(source.ready):
        m.d.sync += [holds.eq(source.valid), held.eq(source.p)]
    return holds
