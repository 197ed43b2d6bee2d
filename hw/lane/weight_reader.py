"""Reads the stored weights of one event after the other, one row per cycle."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..config import Configuration
from ..layout import QueuedEvent, exponent_bits

__all__ = ["RowContext", "WeightReader"]


class RowContext(data.StructLayout):
    """What is known of a row that is being read.

    ``entries`` are those that belong to the event, ``is_first``: its weights begin there.
    """

    def __init__(self, config: Configuration):
        super().__init__({
            "entries": config.row_entries, "is_first": 1, "exponent": exponent_bits(config),
            "base": range(config.potential_depth), "taps": config.max_kernel ** 2})


class WeightReader(wiring.Component):
    """Takes events from the queue and reads the rows of each, without a gap between events.

    One row per cycle while ``may_read``; of a row only those entries that belong to the event. A
    marker takes one cycle of its own unless the last row of an event is read in it. Reset drops the
    event in hand.

    Members
    -------
    queue : ``In(stream.Signature(QueuedEvent(config)))``
    may_read : ``In(1)``
        There is room for another row.
    read : ``Out(row_entries)``, address : ``Out``
        Port of the weights, in whichever memory they are: entries to read, and their row.
    arrives : ``Out(1)``, context : ``Out(RowContext(config))``
        A row was read in the cycle before.
    finishes_block : ``Out(1)``
        A marker is taken: all rows of its block have been read.
    strays : ``Out(1)``
        The row is beyond the end of the weight memory.
    busy : ``Out(1)``
        Rows of an event are still to be read or to arrive.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "queue": In(stream.Signature(QueuedEvent(config))), "may_read": In(1),
            "read": Out(config.row_entries),
            "address": Out(range(config.memories["weight"].words)),
            "arrives": Out(1), "context": Out(RowContext(config)),
            "finishes_block": Out(1), "strays": Out(1), "busy": Out(1)})

    def elaborate(self, platform):
        m = Module()
        config, width = self.config, self.config.row_entries
        row_bits = exact_log2(width)
        event    = Signal(QueuedEvent(config))
        row      = Signal(len(event.start) - row_bits)
        first    = Signal(max(1, row_bits))                    # entry of this row
        end      = Signal(range(config.weight_depth + width))  # entry that is the event's no more
        is_first = Signal()

        is_last, reads = Signal(), Signal()
        m.d.comb += [
            is_last.eq(end <= width), reads.eq((end != 0) & self.may_read),
            self.address.eq(row), self.strays.eq(reads & (row >= config.memories["weight"].words)),
            self.read.eq(Mux(reads, Cat((entry >= first) & (entry < end)
                                        for entry in range(width)), 0)),
            self.queue.ready.eq((end == 0) | (reads & is_last)),
            self.busy.eq((end != 0) | self.arrives)]
        with m.If(reads):
            m.d.sync += [row.eq(row + 1), first.eq(0), is_first.eq(0),
                         end.eq(Mux(is_last, 0, end - width))]
        with m.If(self.queue.valid & self.queue.ready):
            queued = self.queue.p
            m.d.comb += self.finishes_block.eq(queued.marker)
            m.d.sync += [
                event.eq(queued), is_first.eq(1), row.eq(queued.start >> row_bits),
                first.eq(queued.start[:row_bits]),
                end.eq(Mux(queued.marker | (queued.count == 0), 0,
                           queued.count + queued.start[:row_bits]))]

        m.d.sync += self.arrives.eq(reads)
        with m.If(reads):
            m.d.sync += [
                self.context.entries.eq(self.read), self.context.is_first.eq(is_first),
                self.context.exponent.eq(event.exponent), self.context.base.eq(event.base),
                self.context.taps.eq(event.taps)]
        return m
