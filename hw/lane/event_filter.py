"""Looks up the weights that an event meets in one lane, and drops the event if there are none."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..config import Configuration
from ..layout import Event, Pointer, QueuedEvent
from ..pipeline import delayed
from .border import events_on_their_way

__all__ = ["EventFilter"]


class EventFilter(wiring.Component):
    """The front of a lane: event → pointer → queue of events with work for this lane.

    One event per cycle, if the queue is deeper than two. A pointer read starts in the cycle in
    which an event is taken and its result enters the queue in the next one, in a deep pipeline in
    the one after, unless none of the event's taps holds a weight. Markers always enter. An event is
    only taken if the queue has room for it, and ``may_take``. In a deep pipeline an event is taken
    whenever there is one: who sends it has seen ``ready``, ``lane_lag`` cycles before, and the
    queue has room for all that is sent before it is seen to fall. Reset empties the queue.

    Members
    -------
    events : ``In(stream.Signature(Event(config)))``
    may_take : ``In(1)``
        The weights that the next event needs are there.
    lookup : ``Out(1)``, lookup_address : ``Out(range(pointer_depth))``
        A pointer is read.
    pointer : ``In(Pointer(config))``
        What was read in the cycle before.
    queue : ``Out(stream.Signature(QueuedEvent(config)))``
    takes : ``Out(1)``
        An event is taken.
    full : ``Out(1)``
        The queue has no room for another event.
    is_queueing : ``Out(1)``
        An event, not a marker, enters the queue.
    busy : ``Out(1)``
        An event is between ``events`` and ``queue``.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "events": In(stream.Signature(Event(config))), "may_take": In(1),
            "lookup": Out(1), "lookup_address": Out(range(config.pointer_depth)),
            "pointer": In(Pointer(config)),
            "queue": Out(stream.Signature(QueuedEvent(config))),
            "takes": Out(1), "full": Out(1), "is_queueing": Out(1), "busy": Out(1)})

    def elaborate(self, platform):
        m = Module()
        layout = QueuedEvent(self.config)
        is_deep, depth = self.config.deep_pipeline, self.config.queue_depth
        m.submodules.fifo = fifo = SyncFIFO(
            width=layout.size,
            depth=1 << ceil_log2(depth + events_on_their_way(self.config)) if is_deep else depth)

        reads     = delayed(m, self.takes, 1)           # the pointer's memory shows it
        event     = Signal(Event(self.config))
        looked_up = delayed(m, reads, is_deep)
        on_its_way = self.takes | reads | looked_up if is_deep else reads
        m.d.comb += [
            self.full.eq(fifo.level + (0 if is_deep else reads) >= depth),
            self.events.ready.eq(self.may_take & ~self.full),
            self.takes.eq(self.events.valid & (self.events.ready | is_deep)),
            self.lookup.eq(self.takes & ~self.events.p.marker),
            self.lookup_address.eq(self.events.p.pointer)]
        with m.If(self.takes):
            m.d.sync += event.eq(self.events.p)
        event, pointer = (delayed(m, value, is_deep) for value in (event, self.pointer))

        meets = Signal()
        m.d.comb += meets.eq((pointer.taps & event.taps).any())

        queued = Signal(layout)
        m.d.comb += [
            queued.marker.eq(event.marker), queued.start.eq(pointer.start),
            queued.count.eq(pointer.count), queued.exponent.eq(event.exponent),
            queued.base.eq(event.base), queued.taps.eq(event.taps),
            self.is_queueing.eq(looked_up & ~event.marker & meets),
            fifo.w_data.eq(queued), fifo.w_en.eq(self.is_queueing | (looked_up & event.marker)),
            self.queue.p.eq(fifo.r_data), self.queue.valid.eq(fifo.r_rdy),
            fifo.r_en.eq(self.queue.ready), self.busy.eq(on_its_way | fifo.r_rdy)]
        return m
