"""Turns visits into rows of spikes and pixel events."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..layout import Row, Visit
from ..network.model import NO_EVENT
from ..network.validation import MAX_EVENTS_PER_PIXEL

__all__ = ["RowReader", "row_of"]


class RowReader(wiring.Component):
    """Reads the spike banks, or the pixel memory and then the input table.

    One visit per cycle, latency two cycles; a row waits until it is taken, and the reads behind
    it wait with it. Reset drops what is on its way.

    Members
    -------
    visits : ``In(stream.Signature(Visit(config)))``
    spike_read : ``Out(lanes)``, spike_address : ``Out``, spikes : ``In``
        Banks to read, and their codes from the next cycle until the next read.
    pixel_read : ``Out(1)``, pixel_address : ``Out``, pixel : ``In(8)``
    table_read : ``Out(1)``, table_address : ``Out(8)``, exponents : ``In``
    rows : ``Out(stream.Signature(Row(config)))``
    busy : ``Out(1)``
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "visits": In(stream.Signature(Visit(config))),
            "spike_read": Out(config.lanes), "spike_address": Out(range(config.spike_depth)),
            "spikes": In(data.ArrayLayout(config.spike_bits, config.lanes)),
            "pixel_read": Out(1), "pixel_address": Out(range(config.pixel_depth)), "pixel": In(8),
            "table_read": Out(1), "table_address": Out(8),
            "exponents": In(data.ArrayLayout(NO_EVENT.bit_length(), MAX_EVENTS_PER_PIXEL)),
            "rows": Out(stream.Signature(Row(config))), "busy": Out(1)})

    def elaborate(self, platform):
        m = Module()
        visit = self.visits.p

        has_read, has_row, advance, takes = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            advance.eq(~has_row | self.rows.ready), self.visits.ready.eq(advance),
            takes.eq(self.visits.valid & advance),
            self.rows.valid.eq(has_row), self.busy.eq(has_read | has_row),
            self.spike_address.eq(visit.address), self.pixel_address.eq(visit.address),
            self.spike_read.eq(Mux(takes & visit.is_useful & ~visit.is_pixel, visit.slots, 0)),
            self.pixel_read.eq(takes & visit.is_useful & visit.is_pixel)]

        read, found = Signal.like(visit), Signal.like(visit)
        codes = Signal.like(self.spikes)
        m.d.comb += [self.table_address.eq(self.pixel),
                     self.table_read.eq(has_read & advance & read.is_useful & read.is_pixel)]
        with m.If(advance):
            m.d.sync += [has_read.eq(self.visits.valid), read.eq(visit),
                         has_row.eq(has_read), found.eq(read), codes.eq(self.spikes)]

        m.d.comb += self.rows.p.eq(row_of(m, self.config, found, codes, self.exponents))
        return m


def row_of(m: Module, config: Configuration, visit, codes, exponents) -> data.View:
    """Return the :class:`Row` that a visit found, in codes of the spike banks or in exponents."""
    row = Signal(Row(config))
    m.d.comb += [
        row.is_pixel.eq(visit.is_pixel), row.marker.eq(visit.marker),
        row.pointer.eq(visit.pointer), row.base.eq(visit.base), row.taps.eq(visit.taps)]
    with m.If(visit.is_pixel):
        for slot in range(MAX_EVENTS_PER_PIXEL):
            m.d.comb += [row.codes[slot].eq(exponents[slot]),
                         row.heard[slot].eq(visit.is_useful & (exponents[slot] != NO_EVENT))]
    with m.Else():
        for slot in range(config.lanes):
            m.d.comb += [row.codes[slot].eq(codes[slot]),
                         row.heard[slot].eq(visit.is_useful & visit.slots[slot]
                                            & (codes[slot] != config.numbers.silence))]
    return row
