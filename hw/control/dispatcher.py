"""From a source map to the events that all lanes receive."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..instruction import IntegrateInstruction
from ..layout import LOADED, Event, LoadedWord, Target
from ..network.model import NO_EVENT
from ..network.validation import MAX_EVENTS_PER_PIXEL
from ..pipeline import buffered, decoupled, delayed
from ..ram import Ram, load_into
from .event_picker import EventPicker
from .map_walker import MapWalker
from .queued_row_reader import QueuedRowReader
from .row_reader import RowReader

__all__ = ["Dispatcher"]


class Dispatcher(wiring.Component):
    """Scans the source of a synapse group and sends its spikes as events.

    Owns the pixel memory and the input table. At most one event per cycle; the first four cycles
    after ``begin``, nine in a deep pipeline. An event waits until all lanes take it. A marker
    follows the last event of a block, unless the group is ``direct``. Reset stops the group;
    memories keep their contents.

    Members
    -------
    begin : ``In(1)``, group : ``In(IntegrateInstruction(config))``
    loads : ``In(1)``, word : ``In(LoadedWord(config, LOADED))``
        Loads a pixel or a row of the input table.
    spike_read : ``Out(lanes)``, spike_address : ``Out``, spikes : ``In``
    events : ``Out(stream.Signature(Event(config)))``
    busy : ``Out(1)``
        Events or markers are still to come.
    strays : ``Out(1)``
        The walk leads beyond the end of a memory.
    moves : ``Out(1)``
        The walk goes on in this cycle.
    pixel_read, table_read : ``Out(1)``
        For the counters.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "begin": In(1), "group": In(IntegrateInstruction(config)),
            "loads": In(1), "word": In(LoadedWord(config, LOADED)),
            "spike_read": Out(config.lanes), "spike_address": Out(range(config.spike_depth)),
            "spikes": In(data.ArrayLayout(config.spike_bits, config.lanes)),
            "events": Out(stream.Signature(Event(config))), "busy": Out(1),
            "strays": Out(1), "moves": Out(1), "pixel_read": Out(1), "table_read": Out(1)})

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.walker = walker = MapWalker(config)
        m.submodules.reader = reader = (
            QueuedRowReader if config.deep_pipeline else RowReader)(config)
        m.submodules.picker = picker = EventPicker(config)
        m.submodules.pixel       = pixels = Ram(8, config.pixel_depth)
        m.submodules.input_table = table  = Ram(
            data.ArrayLayout(NO_EVENT.bit_length(), MAX_EVENTS_PER_PIXEL), 256)
        load_into(m, pixels, self.loads, self.word, Target.PIXEL)
        load_into(m, table, self.loads, self.word, Target.INPUT_TABLE)

        is_deep, waits, events = config.deep_pipeline, Signal(), wiring.flipped(self.events)
        if is_deep:
            m.d.comb += waits.eq(buffered(m, walker.visits, reader.visits)
                                 | decoupled(m, picker.events, events))
        else:
            wiring.connect(m, walker.visits, reader.visits)
            wiring.connect(m, picker.events, events)
        wiring.connect(m, reader.rows, picker.rows)
        m.d.comb += [
            walker.begin.eq(self.begin), walker.group.eq(self.group),
            self.strays.eq(delayed(m, walker.strays, is_deep)),
            self.moves.eq(walker.visits.valid & walker.visits.ready),
            picker.offset.eq(self.group.offset),
            self.spike_read.eq(reader.spike_read), self.spike_address.eq(reader.spike_address),
            reader.spikes.eq(self.spikes),
            pixels.read.eq(reader.pixel_read), pixels.read_address.eq(reader.pixel_address),
            reader.pixel.eq(pixels.read_data),
            table.read.eq(reader.table_read), table.read_address.eq(reader.table_address),
            reader.exponents.eq(table.read_data),
            self.pixel_read.eq(pixels.read), self.table_read.eq(table.read),
            self.busy.eq(walker.visits.valid | waits | reader.busy | picker.events.valid)]
        return m
