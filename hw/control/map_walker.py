"""The order in which a source map is visited."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..instruction import IntegrateInstruction
from ..layout import Visit

__all__ = ["MapWalker"]


class MapWalker(wiring.Component):
    """Visits blocks of channels; in a block, positions row by row; at a pixel position, channels.

    Computes for each visit the address to read, the pointer, the potential that an event there has
    for base, and the kernel taps that fall inside the output map. One visit per cycle, the first in
    the cycle after ``begin``; waits until each is taken. Reset stops the walk.

    Members
    -------
    begin : ``In(1)``, group : ``In(IntegrateInstruction(config))``
        Start; ``group`` holds until the end of the walk.
    visits : ``Out(stream.Signature(Visit(config)))``
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "begin": In(1), "group": In(IntegrateInstruction(config)),
            "visits": Out(stream.Signature(Visit(config)))})

    def elaborate(self, platform):
        m = Module()
        config, group, visit = self.config, self.group, self.visits.p

        active        = Signal()
        address       = Signal.like(visit.address)
        row_start     = Signal.like(address)   # first row of the channels that share a row
        place         = Signal.like(address)   # first channel's pixel at this position
        y, x          = Signal.like(group.height), Signal.like(group.width)
        channels_left = Signal.like(group.channels)
        slot          = Signal.like(group.block_channels)   # of a pixel, in its block
        first_slot    = Signal.like(group.block_channels)   # of the block, in a row of spikes
        pointer       = Signal.like(group.pointer)
        line, base    = Signal.like(group.base), Signal.like(group.base)

        block_channels = Signal.like(group.block_channels)
        next_first     = Signal.like(first_slot)
        ends_place, ends_line, ends_block = Signal(), Signal(), Signal()
        m.d.comb += [
            block_channels.eq(Mux(
                channels_left < group.block_channels, channels_left, group.block_channels)),
            next_first.eq(first_slot + group.block_channels),
            ends_place.eq(~group.from_input | (slot + 1 == block_channels)),
            ends_line.eq(ends_place & (x + 1 == group.width)),
            ends_block.eq(ends_line & (y + 1 == group.height)),
            self.visits.valid.eq(active),
            visit.address.eq(address), visit.is_pixel.eq(group.from_input),
            visit.slots.eq(Cat((lane >= first_slot) & (lane < first_slot + block_channels)
                               for lane in range(config.lanes))),
            visit.marker.eq(ends_block & ~group.direct),
            visit.pointer.eq(pointer + Mux(group.from_input, slot, 0)),
            visit.base.eq(Mux(group.linear, group.base, base)),
            visit.rows.eq(self._taps_inside(y, group.out_height)),
            visit.columns.eq(self._taps_inside(x, group.out_width))]

        with m.If(active & self.visits.ready):
            m.d.sync += [address.eq(address + group.plane), slot.eq(slot + 1)]
            with m.If(ends_place):
                m.d.sync += [
                    address.eq(Mux(group.from_input, place, address) + 1), place.eq(place + 1),
                    slot.eq(0), x.eq(x + 1), base.eq(base + (Const(1) << group.local_bits)),
                    pointer.eq(pointer + Mux(group.linear, block_channels, 0))]
            with m.If(ends_line):
                m.d.sync += [x.eq(0), y.eq(y + 1), line.eq(line + group.row_stride),
                             base.eq(line + group.row_stride)]
            with m.If(ends_block):
                m.d.sync += [
                    y.eq(0), line.eq(group.base), base.eq(group.base),
                    channels_left.eq(channels_left - block_channels),
                    active.eq(channels_left != block_channels)]
                with m.If(group.from_input):
                    m.d.sync += [address.eq(address + 1), place.eq(address + 1),
                                 pointer.eq(pointer + block_channels)]
                with m.Elif(next_first != config.lanes):
                    m.d.sync += [address.eq(row_start), first_slot.eq(next_first)]
                with m.Else():
                    m.d.sync += [row_start.eq(address + 1), first_slot.eq(0)]
                    with m.If(~group.linear):
                        m.d.sync += pointer.eq(pointer + config.lanes)

        with m.If(self.begin):
            m.d.sync += [
                active.eq(1), address.eq(group.source), row_start.eq(group.source),
                place.eq(group.source), y.eq(0), x.eq(0), slot.eq(0), first_slot.eq(0),
                channels_left.eq(group.channels), pointer.eq(group.pointer),
                line.eq(group.base), base.eq(group.base)]
        return m

    def _taps_inside(self, coordinate, size):
        """Return the kernel rows (or columns) that reach a place inside the output map.

        The one tap of a linear group always does.
        """
        padded = coordinate + self.group.padding
        return Cat(
            (tap < self.group.kernel) & (padded >= tap)
            & ((padded < size + tap) | self.group.linear)
            for tap in range(self.config.max_kernel))
