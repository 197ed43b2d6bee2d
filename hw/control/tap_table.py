"""Distances of the kernel taps, worked out at the start of a synapse group."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..instruction import IntegrateInstruction
from ..layout import TapDistances, TapEntry

__all__ = ["TapTable"]


class TapTable(wiring.Component):
    """Holds for each tap of a kernel, in order, the distance of its potential from an event's base.

    That is ``-(⌊row / stride⌋ · row_stride + ⌊column / stride⌋ · 2^local_bits)``. One tap per
    cycle: ``done`` is set as many cycles after ``begin`` as the kernel has taps, and until the next
    ``begin``. Reset leaves the table undefined.

    Members
    -------
    begin : ``In(1)``, group : ``In(IntegrateInstruction(config))``
    taps : ``Out(TapDistances(config))``, entry : ``Out(TapEntry(config))``
        The table; what is entered in this cycle.
    done : ``Out(1)``
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "begin": In(1), "group": In(IntegrateInstruction(config)),
            "taps": Out(TapDistances(config)), "entry": Out(TapEntry(config)), "done": Out(1)})

    def elaborate(self, platform):
        m = Module()
        group    = self.group
        count    = self.config.max_kernel ** 2
        index    = Signal(range(count))
        row, column    = (Signal(range(self.config.max_kernel), name=n) for n in ("row", "column"))
        distance, line = (Signal(range(self.config.potential_depth), name=n)
                          for n in ("distance", "line"))
        active   = Signal()
        m.d.comb += [self.done.eq(~active), self.entry.valid.eq(active), self.entry.tap.eq(index),
                     self.entry.distance.eq(distance)]

        with m.If(active):
            next_line = line - Mux(group.halves & ~row[0], 0, group.row_stride)
            m.d.sync += [
                self.taps[index].eq(distance), index.eq(index + 1), column.eq(column + 1),
                distance.eq(distance - Mux(group.halves & ~column[0], 0,
                                           Const(1) << group.local_bits))]
            with m.If(column + 1 == group.kernel):
                m.d.sync += [
                    column.eq(0), row.eq(row + 1), line.eq(next_line), distance.eq(next_line)]
                with m.If(row + 1 == group.kernel):
                    m.d.sync += active.eq(0)
            with m.If(index == count - 1):
                m.d.sync += active.eq(0)
        with m.If(self.begin):
            m.d.sync += [active.eq(1), index.eq(0), row.eq(0), column.eq(0), distance.eq(0),
                         line.eq(0)]
        return m
