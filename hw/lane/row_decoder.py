"""Finds the weights of a row that have work to do, and sends them one by one."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..config import Configuration
from ..layout import EntryRow, exponent_bits
from ..pipeline import delayed
from .weight_reader import RowContext

__all__ = ["RowDecoder", "Synapse", "late_rows", "position_bits", "row_queue_depth",
           "rows_on_their_way"]


def rows_on_their_way(config: Configuration) -> int:
    """Cycles from the read of a row to its entry into the queue."""
    return 5 if config.deep_pipeline else 1


def row_queue_depth(config: Configuration) -> int:
    """Rows that the queue holds.

    Three, and those on their way to it; in a deep pipeline so many that it does not run empty while
    rows are read for it, and a power of two.
    """
    return 16 if config.deep_pipeline else 3 + rows_on_their_way(config)


def late_rows(config: Configuration) -> int:
    """Most rows that are read, in a deep pipeline, beyond those of a level of the queue.

    Those on their way to it, the one of the cycle in which it is known, and the one that asks.
    """
    return rows_on_their_way(config) + 2


def position_bits(config: Configuration) -> int:
    """Width of a weight's position among those of its input channel: (tap, local channel)."""
    return (config.max_kernel ** 2 * config.potential_depth - 1).bit_length()


class Synapse(data.StructLayout):
    """A weight that an event meets, with its position counted in local channels and taps."""

    def __init__(self, config: Configuration):
        super().__init__({
            "position": position_bits(config), "magnitude": config.numbers.weight_bits - 1,
            "negative": 1, "exponent": exponent_bits(config),
            "base": range(config.potential_depth)})


class QueuedRow(data.StructLayout):
    """A decoded row; ``survivors`` are the entries that have work to do."""

    def __init__(self, config: Configuration):
        entry = {"position": position_bits(config), "magnitude": config.numbers.weight_bits - 1,
                 "negative": 1}
        super().__init__({
            "survivors": config.row_entries,
            "entries": data.ArrayLayout(data.StructLayout(entry), config.row_entries),
            "exponent": exponent_bits(config), "base": range(config.potential_depth)})


class RowDecoder(wiring.Component):
    """Adds up zeros skipped, drops what needs no work, and sends the rest one per cycle.

    An entry needs no work if it only bridges zeros, or if its tap falls outside the map. One row
    per cycle, latency two cycles to its first synapse, six in a deep pipeline; a row without work
    vanishes. Rows with work wait in a short queue while the synapses of the rows before are sent:
    so a lane spends a cycle on each operation as long as rows have one operation on average. No
    back-pressure at ``synapse``. Reset empties the queue.

    Members
    -------
    arrives : ``In(1)``, context : ``In(RowContext(config))``, row : ``In(EntryRow(config))``
        A row that was read; only ``context.entries`` of it count.
    may_read : ``Out(1)``
        A row that is read in this cycle will find room.
    local_bits : ``In``
        Positions of one tap are 2^local_bits apart.
    valid : ``Out(1)``, synapse : ``Out(Synapse(config))``
    busy : ``Out(1)``
        A row waits, or is being sent.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "arrives": In(1), "context": In(RowContext(config)), "row": In(EntryRow(config)),
            "may_read": Out(1), "local_bits": In(range(ceil_log2(config.potential_depth) + 1)),
            "valid": Out(1), "synapse": Out(Synapse(config)), "busy": Out(1)})

    def elaborate(self, platform):
        m = Module()
        config = self.config
        queued, sent = Signal(QueuedRow(config)), Signal(QueuedRow(config))
        m.submodules.fifo = fifo = SyncFIFO(
            width=queued.shape().size, depth=row_queue_depth(config))

        is_deep = config.deep_pipeline
        arrives, context, row = (delayed(m, value, is_deep)
                                 for value in (self.arrives, self.context, self.row))

        # Distance of each entry from the beginning of the row, and of what is behind the last one.
        distances, width = [], Const(0)
        for index in range(config.row_entries):
            behind_entry = width + row[index].skip + 1
            distances.append(width + row[index].skip)
            width = Mux(context.entries[index], behind_entry, width)
        is_measured, context, row, width = (
            delayed(m, value, is_deep) for value in (arrives, context, row, width))
        distances = [delayed(m, value, is_deep) for value in distances]

        # Position behind the row before, for the rows of an event that follow.
        behind = Signal(position_bits(config))
        begin  = Mux(context.is_first, 0, behind)
        positions = [(begin + distance)[:len(behind)] for distance in distances]
        with m.If(is_measured):
            m.d.sync += behind.eq(begin + width)

        is_located, context, row = (
            delayed(m, value, is_deep) for value in (is_measured, context, row))
        located = Signal.like(queued)
        for index, position in enumerate(positions):
            entry, decoded = row[index], located.entries[index]
            m.d.comb += [
                decoded.position.eq(delayed(m, position, is_deep)),
                decoded.magnitude.eq(entry.magnitude), decoded.negative.eq(entry.negative),
                located.survivors[index].eq(
                    context.entries[index] & (entry.magnitude != 0)
                    & context.taps.bit_select(decoded.position >> self.local_bits, 1))]
        m.d.comb += [located.exponent.eq(context.exponent), located.base.eq(context.base)]

        is_decoded, located = (delayed(m, value, is_deep) for value in (is_located, located))
        if is_deep:
            # That there is room is known a cycle later, without a count of what is on its way.
            in_steps = arrives | is_measured | is_located | is_decoded
            may_read = Signal(init=1)
            m.d.sync += may_read.eq(fifo.level <= row_queue_depth(config) - late_rows(config))
        else:
            in_steps = Const(0)
            may_read = fifo.level + self.arrives < row_queue_depth(config)
        m.d.comb += [
            queued.eq(located), fifo.w_data.eq(queued),
            fifo.w_en.eq(is_decoded & queued.survivors.any()), self.may_read.eq(may_read),
            sent.eq(fifo.r_data), self.busy.eq(in_steps | fifo.r_rdy | self.valid)]

        done, pending = Signal(config.row_entries), Signal(config.row_entries)
        m.d.comb += [pending.eq(Mux(fifo.r_rdy, sent.survivors & ~done, 0)),
                     fifo.r_en.eq((pending & (pending - 1)) == 0)]
        m.d.sync += self.valid.eq(fifo.r_rdy)
        for index in reversed(range(config.row_entries)):
            with m.If(pending[index]):
                entry = sent.entries[index]
                m.d.sync += [
                    self.synapse.position.eq(entry.position), done.eq(done | (1 << index)),
                    self.synapse.magnitude.eq(entry.magnitude),
                    self.synapse.negative.eq(entry.negative)]
        with m.If(fifo.r_rdy):
            m.d.sync += [self.synapse.exponent.eq(sent.exponent), self.synapse.base.eq(sent.base)]
            with m.If(fifo.r_en):
                m.d.sync += done.eq(0)
        return m
