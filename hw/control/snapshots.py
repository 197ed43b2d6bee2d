"""Keeps the totals of all counters as of the end of each layer, and sends them as words."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..counters import COUNTER_BITS, COUNTERS
from ..pipeline import copied
from ..ram import Ram

__all__ = ["Snapshots"]

# Counters that share a memory in a deep pipeline, and with it copies of its address.
NEIGHBOURS = 3


class Snapshots(wiring.Component):
    """A row of words for each layer; ``report`` sends all rows and then forgets them.

    A snapshot is taken in one cycle, at any time. Words leave row by row in the order of
    ``COUNTERS``, one per cycle while taken, with two cycles between rows, three in a deep pipeline,
    whose memories are at the end of registers. Reset forgets all rows.

    Members
    -------
    totals : ``In(ArrayLayout(32, counters))``, save : ``In(1)``
        Take a snapshot: in a deep pipeline of the totals of the next cycle.
    report : ``In(1)``
        Send the snapshots; held until ``words`` has shown its last word.
    words : ``Out(stream.Signature(32))``, last : ``Out(1)``
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "totals": In(data.ArrayLayout(COUNTER_BITS, len(COUNTERS))), "save": In(1),
            "report": In(1), "words": Out(stream.Signature(COUNTER_BITS)), "last": Out(1)})

    def elaborate(self, platform):
        m = Module()
        rows, row = (Signal(range(self.config.layer_depth + 1), name=n) for n in ("rows", "row"))
        column    = Signal(range(len(COUNTERS) + 1))    # of the word that comes next
        reads     = Signal()
        with m.If(self.save):
            m.d.sync += rows.eq(rows + 1)
        found = self._memories(m, rows, reads, row)

        word = self.words.p
        with m.FSM():
            with m.State("Idle"):
                m.d.sync += row.eq(0)
                with m.If(self.report):
                    m.next = "Read"
            with m.State("Read"):
                m.d.comb += reads.eq(1)
                m.next = "Settle" if self.config.deep_pipeline else "Take"
            if self.config.deep_pipeline:
                with m.State("Settle"):
                    m.next = "Take"
            with m.State("Take"):
                m.d.sync += [word.eq(found[0]), column.eq(1), row.eq(row + 1)]
                m.next = "Send"
            with m.State("Send"):
                ends_row = column == len(COUNTERS)
                m.d.comb += [self.words.valid.eq(1), self.last.eq(ends_row & (row == rows))]
                with m.If(self.words.ready):
                    m.d.sync += [word.eq(found[column]), column.eq(column + 1)]
                    with m.If(self.last):
                        m.d.sync += rows.eq(0)
                        m.next = "Idle"
                    with m.Elif(ends_row):
                        m.next = "Read"
        return m

    def _memories(self, m, rows, reads, row) -> Array:
        """Return the words of the row that was read last; write the totals to the next row."""
        is_deep = self.config.deep_pipeline
        size = NEIGHBOURS if is_deep else len(COUNTERS)
        found = []
        for first in range(0, len(COUNTERS), size):
            layout = data.ArrayLayout(COUNTER_BITS, min(size, len(COUNTERS) - first))
            ram = Ram(layout, self.config.layer_depth)
            m.submodules[f"memory_{first}" if is_deep else "memory"] = ram
            ports = [self.save, rows, reads, row]
            if is_deep:
                ports = [copied(m, port, resets=True) for port in ports]
            m.d.comb += [
                target.eq(port) for target, port in zip(
                    (ram.write, ram.write_address, ram.read, ram.read_address), ports, strict=True)]
            m.d.comb += [ram.write_data[index].eq(self.totals[first + index])
                         for index in range(layout.length)]
            found += [ram.read_data[index] for index in range(layout.length)]
        return Array(found)
