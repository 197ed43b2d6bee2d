"""Sends the spikes of a row as events, one after the other."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..layout import Event, Row, row_slots
from ..numbers import MAX_OFFSET

__all__ = ["EventPicker"]


class EventPicker(wiring.Component):
    """Priority encoder over the slots of a row, lowest first, then the end of a block.

    One event per cycle without a gap between rows; a silent row takes one cycle. An event waits
    until it is taken. Reset drops the row in hand.

    Members
    -------
    rows : ``In(stream.Signature(Row(config)))``
    offset : ``In``
        Added to each exponent.
    events : ``Out(stream.Signature(Event(config)))``
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "rows": In(stream.Signature(Row(config))), "offset": In(range(MAX_OFFSET + 1)),
            "events": Out(stream.Signature(Event(config)))})

    def elaborate(self, platform):
        m = Module()
        slots = row_slots(self.config)
        row   = Signal(Row(self.config))
        event = self.events.p

        # One bit for each slot that is still to be sent; the top bit is the marker.
        pending, pending_after = Signal(slots + 1), Signal(slots + 1)
        slot = Signal(range(slots))
        m.d.comb += [
            pending_after.eq(pending & (pending - 1)),
            self.events.valid.eq(pending != 0),
            self.rows.ready.eq((pending == 0) | ((pending_after == 0) & self.events.ready))]
        with m.If(self.events.valid & self.events.ready):
            m.d.sync += pending.eq(pending_after)
        with m.If(self.rows.valid & self.rows.ready):
            m.d.sync += [row.eq(self.rows.p),
                         pending.eq(Cat(self.rows.p.heard, self.rows.p.marker))]

        for index in reversed(range(slots)):
            with m.If(pending[index]):
                m.d.comb += slot.eq(index)
        m.d.comb += [
            event.marker.eq(pending[:slots] == 0),
            event.pointer.eq(row.pointer + Mux(row.is_pixel, 0, slot)),
            event.exponent.eq(row.codes[slot] + self.offset), event.base.eq(row.base),
            event.taps.eq(row.taps)]
        return m
