"""Turns visits into rows of spikes and pixel events, by reads that take long and cannot wait."""

from amaranth import *
from amaranth.lib.fifo import SyncFIFO

from ..layout import Row
from ..pipeline import delayed
from .row_reader import RowReader, row_of

__all__ = ["QueuedRowReader"]

# Cycles from a visit to its row: to the border of a lane, its memory, back, and to this block.
READ_CYCLES = 4
# Rows that are being read or wait. Room is known to be free two cycles after a row has come, so six
# are enough for one per cycle; a power of two.
DEPTH = 8


class QueuedRowReader(RowReader):
    """The :class:`RowReader` of a deep pipeline: same ports, but ``spikes`` two cycles later.

    One visit per cycle, latency five cycles. A visit is only taken if there will be room for its
    row in a queue, so that no read has to wait. Reset drops what is on its way.
    """

    def elaborate(self, platform):
        m = Module()
        layout = Row(self.config)
        m.submodules.fifo = fifo = SyncFIFO(width=layout.size, depth=DEPTH)
        visit, takes, leaves = self.visits.p, Signal(), Signal()
        room = Signal(range(DEPTH + 1), init=DEPTH)
        m.d.comb += [
            self.visits.ready.eq(room != 0), takes.eq(self.visits.valid & self.visits.ready),
            leaves.eq(fifo.r_rdy & fifo.r_en), self.busy.eq(room != DEPTH),
            self.spike_address.eq(visit.address), self.pixel_address.eq(visit.address),
            self.spike_read.eq(Mux(takes & visit.is_useful & ~visit.is_pixel, visit.slots, 0)),
            self.pixel_read.eq(takes & visit.is_useful & visit.is_pixel)]
        m.d.sync += room.eq(room + leaves - takes)

        # The pixel takes a cycle of its own from its memory to the table.
        m.d.comb += [self.table_read.eq(delayed(m, self.pixel_read, 2)),
                     self.table_address.eq(delayed(m, self.pixel, 1))]
        row = row_of(m, self.config, delayed(m, visit, READ_CYCLES), delayed(m, self.spikes, 1),
                     delayed(m, self.exponents, 1))
        m.d.comb += [
            fifo.w_en.eq(delayed(m, takes, READ_CYCLES)), fifo.w_data.eq(row),
            self.rows.valid.eq(fifo.r_rdy), self.rows.p.eq(fifo.r_data),
            fifo.r_en.eq(self.rows.ready)]
        return m
