"""Distances of the kernel taps, worked out at the start of a synapse group."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..instruction import IntegrateInstruction
from ..layout import Tap

__all__ = ["TapTable"]


class TapTable(wiring.Component):
    """Holds ``-(row * row_stride + column * 2^local_bits)`` for each tap of a kernel, in order.

    One tap per cycle: ``done`` is set as many cycles after ``begin`` as the kernel has taps, and
    until the next ``begin``. Reset leaves the table undefined.

    Members
    -------
    begin : ``In(1)``, group : ``In(IntegrateInstruction(config))``
    taps : ``Out(ArrayLayout(Tap(config), max_kernel ** 2))``
    done : ``Out(1)``
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "begin": In(1), "group": In(IntegrateInstruction(config)),
            "taps": Out(data.ArrayLayout(Tap(config), config.max_kernel ** 2)), "done": Out(1)})

    def elaborate(self, platform):
        m = Module()
        count  = self.config.max_kernel ** 2
        index  = Signal(range(count))
        tap    = Signal(Tap(self.config))
        line   = Signal.like(tap.distance)
        active = Signal()
        m.d.comb += self.done.eq(~active)

        with m.If(active):
            m.d.sync += [
                self.taps[index].eq(tap), index.eq(index + 1), tap.column.eq(tap.column + 1),
                tap.distance.eq(tap.distance - (Const(1) << self.group.local_bits))]
            with m.If(tap.column + 1 == self.group.kernel):
                m.d.sync += [
                    tap.column.eq(0), tap.row.eq(tap.row + 1),
                    line.eq(line - self.group.row_stride),
                    tap.distance.eq(line - self.group.row_stride)]
                with m.If(tap.row + 1 == self.group.kernel):
                    m.d.sync += active.eq(0)
            with m.If(index == count - 1):
                m.d.sync += active.eq(0)
        with m.If(self.begin):
            m.d.sync += [active.eq(1), index.eq(0), tap.eq(0), line.eq(0)]
        return m
