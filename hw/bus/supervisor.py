"""Starts inferences on behalf of software, and follows them to their end."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..layout import Status
from .registers import REGISTER_BITS

__all__ = ["Supervisor"]


class Supervisor(wiring.Component):
    """Passes a start command on if the processor is ready for it, counts cycles and images.

    An inference lasts until its last readout word has been taken; a fault or a reset ends it
    without its being done. Counts are 32 bits wide and wrap.

    Members
    -------
    start, reset : ``In(1)``
        Commands of software; a start beside a reset is ignored. Reset clears all counts.
    status : ``In(Status)``
        Of the processor.
    draining, ends : ``In(1)``
        A readout word is still to be taken; in this cycle the last one of a packet is.
    begin : ``Out(1)``
        Start the processor; only while it is ready.
    ready, busy : ``Out(1)``
        A start will be accepted; an inference runs.
    done, refused : ``Out(1)``
        An inference ends in this cycle; a start is ignored in it, for want of ``ready``.
    is_faulty : ``Out(1)``
        The processor has stopped.
    cycles : ``Out(32)``
        Cycles from ``begin`` to the end of the readout, of the inference that runs or of the last.
    images : ``Out(32)``
        Inferences that were done.
    """

    start: In(1)
    reset: In(1)
    status: In(Status)
    draining: In(1)
    ends: In(1)
    begin: Out(1)
    ready: Out(1)
    busy: Out(1)
    done: Out(1)
    refused: Out(1)
    is_faulty: Out(1)
    cycles: Out(REGISTER_BITS)
    images: Out(REGISTER_BITS)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [
            # The end of the packet before would be taken for that of the next.
            self.ready.eq(self.status.ready & ~self.draining),
            self.is_faulty.eq(self.status.fault.as_value() != 0),
            self.begin.eq(self.start & self.ready & ~self.reset),
            self.refused.eq(self.start & ~self.ready & ~self.reset),
            self.done.eq(self.busy & self.ends & ~self.reset)]
        m.d.sync += [self.cycles.eq(self.cycles + self.busy),
                     self.images.eq(self.images + self.done)]
        with m.If(self.begin):
            m.d.sync += [self.busy.eq(1), self.cycles.eq(0)]
        with m.If(self.done | self.is_faulty):
            m.d.sync += self.busy.eq(0)
        with m.If(self.reset):
            m.d.sync += [self.busy.eq(0), self.cycles.eq(0), self.images.eq(0)]
        return m
