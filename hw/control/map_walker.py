"""The order in which a source map is visited."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..instruction import IntegrateInstruction
from ..layout import Visit
from ..pipeline import delayed

__all__ = ["MapWalker"]


class MapWalker(wiring.Component):
    """Visits blocks of channels; in a block, positions row by row; at a pixel position, channels.

    Computes for each visit the address to read, the pointer, the potential that an event there has
    for base, and the kernel taps that fall inside the output map; where none does, nothing needs to
    be read. One visit per cycle, the first in the cycle after ``begin``; waits until each is taken.
    Reset stops the walk.

    Members
    -------
    begin : ``In(1)``, group : ``In(IntegrateInstruction(config))``
        Start; ``group`` holds until the end of the walk.
    visits : ``Out(stream.Signature(Visit(config)))``
    strays : ``Out(1)``
        A visit reads beyond the end of a memory.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "begin": In(1), "group": In(IntegrateInstruction(config)),
            "visits": Out(stream.Signature(Visit(config))), "strays": Out(1)})

    def elaborate(self, platform):
        m = Module()
        config, group, visit = self.config, self.group, self.visits.p

        active        = Signal()
        # One bit more than any address, so that it shows if it leads too far.
        address       = Signal(len(visit.address) + 1)
        row_start     = Signal.like(address)   # first row of the channels that share a row
        place         = Signal.like(address)   # first channel's pixel at this position
        rows_left     = Signal.like(group.height)
        columns_left  = Signal.like(group.width)
        row, column   = Signal(signed(len(group.top) + 1)), Signal(signed(len(group.left) + 1))
        channels_left = Signal.like(group.channels)
        slot          = Signal.like(group.block_channels)   # of a pixel, in its block
        first_slot    = Signal.like(group.block_channels)   # of the block, in a row of spikes
        pointer       = Signal(len(group.pointer) + 1)
        line, base    = Signal.like(group.base), Signal.like(group.base)

        block_channels = Signal.like(group.block_channels)   # of this block
        next_first     = Signal.like(first_slot)
        ends_place, ends_line, ends_block = Signal(), Signal(), Signal()
        m.d.comb += [
            next_first.eq(first_slot + group.block_channels),
            ends_place.eq(~group.from_input | (slot + 1 == block_channels)),
            ends_line.eq(ends_place & (columns_left == 1)),
            ends_block.eq(ends_line & (rows_left == 1)),
            self.visits.valid.eq(active),
            visit.address.eq(address), visit.is_pixel.eq(group.from_input),
            visit.slots.eq(Cat((lane >= first_slot) & (lane < first_slot + block_channels)
                               for lane in range(config.lanes))),
            visit.marker.eq(ends_block & ~group.direct),
            visit.pointer.eq(pointer + Mux(group.from_input, slot, 0)),
            visit.base.eq(Mux(group.linear, group.base, base)),
            visit.is_useful.eq(visit.taps.any())]

        # A step in the source is one in the output, or every second time one.
        self._find_taps(m, self._inside(m, row, group.out_height),
                        self._inside(m, column, group.out_width))
        ends_memory = Mux(group.from_input, address >= config.pixel_depth,
                          address >= config.spike_depth)
        m.d.comb += self.strays.eq(active & visit.is_useful & (
            ends_memory | (pointer >= config.pointer_depth)))

        def begin_block(channels):
            """Go on with the next block of the channels that are left."""
            m.d.sync += [
                channels_left.eq(channels),
                block_channels.eq(Mux(
                    channels < group.block_channels, channels, group.block_channels))]

        with m.If(active & self.visits.ready):
            m.d.sync += [address.eq(address + group.plane), slot.eq(slot + 1)]
            with m.If(ends_place):
                m.d.sync += [
                    address.eq(Mux(group.from_input, place, address) + 1), place.eq(place + 1),
                    slot.eq(0), columns_left.eq(columns_left - 1), column.eq(column + 1),
                    base.eq(base + Mux(group.halves & ~column[0], 0,
                                       Const(1) << group.local_bits)),
                    pointer.eq(pointer + Mux(group.linear, block_channels, 0))]
            with m.If(ends_line):
                next_line = line + Mux(group.halves & ~row[0], 0, group.row_stride)
                m.d.sync += [
                    columns_left.eq(group.width), column.eq(group.left),
                    rows_left.eq(rows_left - 1), row.eq(row + 1),
                    line.eq(next_line), base.eq(next_line)]
            with m.If(ends_block):
                begin_block(channels_left - block_channels)
                m.d.sync += [
                    rows_left.eq(group.height), row.eq(group.top), line.eq(group.base),
                    base.eq(group.base),
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
            begin_block(group.channels)
            m.d.sync += [
                active.eq(1), address.eq(group.source), row_start.eq(group.source),
                place.eq(group.source), rows_left.eq(group.height), row.eq(group.top),
                columns_left.eq(group.width), column.eq(group.left), slot.eq(0),
                first_slot.eq(0), pointer.eq(group.pointer), line.eq(group.base),
                base.eq(group.base)]
        return m

    def _inside(self, m, coordinate, size):
        """Return the kernel rows (or columns) that lead from a padded coordinate into the map."""
        limit = Mux(self.group.halves, size << 1, size)
        limits = [delayed(m, limit + tap, self.config.deep_pipeline)
                  for tap in range(self.config.max_kernel)]
        return [(coordinate >= tap) & (coordinate < limits[tap])
                & ~(self.group.halves & (coordinate[0] ^ (tap & 1)))
                for tap in range(self.config.max_kernel)]

    def _find_taps(self, m, rows: list, columns: list):
        """Say which taps lead into the map, in the order of the kernel in use."""
        taps = self.visits.p.taps
        with m.If(self.group.linear):
            m.d.comb += taps.eq(1)
        with m.Else(), m.Switch(self.group.kernel):
            for side in range(1, self.config.max_kernel + 1):
                with m.Case(side):
                    m.d.comb += taps.eq(Cat(
                        rows[row] & columns[column]
                        for row in range(side) for column in range(side)))
