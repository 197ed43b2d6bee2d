"""Notices that a processor has come to a halt that nothing will end."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["PATIENCE_CYCLES", "StallDetector"]

# Far more cycles than anything on chip waits for anything else there.
PATIENCE_CYCLES = 1 << 12


class StallDetector(wiring.Component):
    """Counts cycles in which nothing moves although the processor is at work.

    ``stalled`` from the cycle after ``PATIENCE_CYCLES`` such cycles in a row, until something
    moves. Waiting for the outside world is not work. Reset begins anew.

    Members
    -------
    working, moving : ``In(1)``
    stalled : ``Out(1)``
    """

    working: In(1)
    moving: In(1)
    stalled: Out(1)

    def elaborate(self, platform):
        m = Module()
        still = Signal(range(PATIENCE_CYCLES + 1))
        m.d.comb += self.stalled.eq(still == PATIENCE_CYCLES)
        with m.If(~self.working | self.moving):
            m.d.sync += still.eq(0)
        with m.Elif(~self.stalled):
            m.d.sync += still.eq(still + 1)
        return m
