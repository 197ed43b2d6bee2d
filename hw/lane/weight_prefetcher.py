"""Copies the weights of the coming block from the large weight memory to the small buffer."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..config import LIVE_BLOCKS, Configuration
from ..instruction import MAX_CHANNELS
from ..layout import Pointer
from ..pipeline import delayed

__all__ = ["WeightPrefetcher"]


class WeightPrefetcher(wiring.Component):
    """Fills pointer buffer and weight buffer, both of them rings, ahead of the events.

    The pointers of a block are read first, one per cycle, then its rows of weight entries, one per
    cycle while the ring has room: the rows of a block and of the one before it are kept, of older
    blocks none. Every pointer and every row is read from its memory once per group, a row that two
    blocks share with the first of them. A block takes a cycle for each pointer and row, and three
    more, four in a deep pipeline. A ring index is the memory's address modulo the ring. Data arrive
    in the cycle after the read and are written to the ring in that cycle. In a deep pipeline rows
    are read a cycle later: the last one is written in the first cycle of ``has_block``, long before
    an event can need it. ``begin`` expects all blocks of the group before to be released; reset
    starts afresh.

    Members
    -------
    begin : ``In(1)``
        Start a synapse group; the three that follow hold until the next one.
    first_pointer, channels, block_channels
        Address of the first pointer, number of pointers, pointers in a block.
    pointer_read : ``Out(1)``, pointer_address : ``Out``, pointer : ``In(Pointer(config))``
        Port of the pointer memory; the data answer the read of the cycle before.
    pointer_write : ``Out(1)``
        The pointer goes to the ring, at ``pointer_index``.
    weight_read : ``Out(1)``, weight_address : ``Out``
        Port of the weight memory, by rows.
    weight_write : ``Out(1)``
        The row read goes to the ring, at ``weight_index``.
    has_block : ``Out(1)``
        The block of the next event is in the buffers.
    pass_block : ``In(1)``
        No further event needs the pointers of the oldest such block.
    release_block : ``In(1)``
        No further event needs its weights.
    strays : ``Out(1)``
        A pointer leads beyond the end of the weight memory.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "begin": In(1), "first_pointer": In(range(config.pointer_depth)),
            "channels": In(range(MAX_CHANNELS + 1)),
            "block_channels": In(range(config.lanes + 1)),
            "pointer_read": Out(1), "pointer_address": Out(range(config.pointer_depth)),
            "pointer": In(Pointer(config)), "pointer_write": Out(1),
            "pointer_index": Out(range(LIVE_BLOCKS * config.lanes)),
            "weight_read": Out(1),
            "weight_address": Out(range(config.memories["weight"].words)), "weight_write": Out(1),
            "weight_index": Out(range(config.memories["weight_buffer"].words)),
            "has_block": Out(1), "pass_block": In(1), "release_block": In(1), "strays": Out(1)})

    def elaborate(self, platform):
        m = Module()
        rows, buffer_rows = (
            self.config.memories[name].words for name in ("weight", "weight_buffer"))
        row_bits = exact_log2(self.config.row_entries)
        row_address = range(2 * rows)

        address       = Signal.like(self.pointer_address)
        channels_left = Signal.like(self.channels)
        block_left    = Signal.like(self.block_channels)
        is_first      = Signal()
        # Rows [kept, filled) are in the ring; the block that is being filled ends with row `end`,
        # `shared` is the first row that the block after it needs.
        kept, filled, end, shared = (
            Signal(row_address, name=n) for n in ("kept", "filled", "end", "shared"))
        nexts         = Array(Signal(row_address, name=f"next_{i}") for i in range(LIVE_BLOCKS))
        newest        = Signal(range(LIVE_BLOCKS))
        oldest        = Signal(range(LIVE_BLOCKS))
        live_blocks   = Signal(range(LIVE_BLOCKS + 1))
        ready_blocks  = Signal(range(LIVE_BLOCKS + 1))
        starts_block, ends_block = Signal(), Signal()

        is_deep, copies = self.config.deep_pipeline, Signal()
        m.d.comb += [
            self.pointer_address.eq(address), self.has_block.eq(ready_blocks != 0),
            self.weight_read.eq(delayed(m, copies, is_deep)),
            self.weight_address.eq(delayed(m, filled, is_deep)),
            self.strays.eq(copies & (filled >= rows))]
        m.d.sync += [
            self.pointer_write.eq(self.pointer_read), self.pointer_index.eq(address),
            self.weight_write.eq(self.weight_read), self.weight_index.eq(self.weight_address),
            live_blocks.eq(live_blocks + starts_block - self.release_block),
            ready_blocks.eq(ready_blocks + ends_block - self.pass_block)]

        pointer = delayed(m, self.pointer, is_deep)
        with m.If(delayed(m, self.pointer_write, is_deep)):
            stop = pointer.start + pointer.count
            m.d.sync += [end.eq((stop + self.config.row_entries - 1) >> row_bits),
                         shared.eq(stop >> row_bits), is_first.eq(0)]
            with m.If(is_first):
                first = pointer.start >> row_bits
                m.d.sync += [kept.eq(first), filled.eq(first)]
        with m.If(self.release_block):
            m.d.sync += [kept.eq(nexts[oldest]), oldest.eq(oldest + 1)]

        with m.FSM():
            with m.State("Wait"):
                with m.If((channels_left != 0) & (live_blocks != LIVE_BLOCKS)):
                    m.d.comb += starts_block.eq(1)
                    m.d.sync += block_left.eq(
                        Mux(channels_left < self.block_channels, channels_left,
                            self.block_channels))
                    m.next = "Pointers"
            with m.State("Pointers"):
                m.d.comb += self.pointer_read.eq(1)
                m.d.sync += [address.eq(address + 1), block_left.eq(block_left - 1),
                             channels_left.eq(channels_left - 1)]
                with m.If(block_left == 1):
                    m.next = "Settle"
            with m.State("Settle"):
                m.next = "Settle more" if is_deep else "Copy"
            if is_deep:
                with m.State("Settle more"):
                    m.next = "Copy"
            with m.State("Copy"):
                with m.If(filled >= end):
                    m.d.comb += ends_block.eq(1)
                    m.d.sync += [nexts[newest].eq(shared), newest.eq(newest + 1)]
                    m.next = "Wait"
                with m.Elif((filled - kept) < buffer_rows):
                    m.d.comb += copies.eq(1)
                    m.d.sync += filled.eq(filled + 1)

        with m.If(self.begin):
            m.d.sync += [
                address.eq(self.first_pointer), channels_left.eq(self.channels), is_first.eq(1)]
        return m
