"""Walks the stored weights of one event after the other, one entry per cycle."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..layout import Entry, QueuedEvent, exponent_bits

__all__ = ["Synapse", "WeightReader", "position_bits"]


def position_bits(config: Configuration) -> int:
    """Width of a weight's position among those of its input channel: (tap, local channel)."""
    return (config.max_kernel ** 2 * config.potential_depth - 1).bit_length()


class Synapse(data.StructLayout):
    """A weight entry that an event meets, with its position counted in local channels and taps."""

    def __init__(self, config: Configuration):
        super().__init__({
            "position": position_bits(config), "magnitude": config.numbers.weight_bits - 1,
            "negative": 1, "exponent": exponent_bits(config),
            "base": range(config.potential_depth),
            "rows": config.max_kernel, "columns": config.max_kernel})


class WeightReader(wiring.Component):
    """Takes events from the queue and reads the entries of each, without a gap between events.

    One entry per cycle; a marker takes one cycle of its own unless an entry is read in it. An entry
    appears decoded at ``synapse`` two cycles after its read; no back-pressure there. Reset drops
    the event in hand.

    Members
    -------
    queue : ``In(stream.Signature(QueuedEvent(config)))``
    read : ``Out(1)``, address : ``Out(range(weight_depth))``
        Port of the weights, in whichever memory they are.
    entry : ``In(Entry(config))``
        What was read in the cycle before.
    valid : ``Out(1)``, synapse : ``Out(Synapse(config))``
        An entry that holds a weight.
    finishes_block : ``Out(1)``
        A marker is taken: all entries of its block have been read.
    busy : ``Out(1)``
        Entries of an event are still to be read or to appear.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "queue": In(stream.Signature(QueuedEvent(config))),
            "read": Out(1), "address": Out(range(config.weight_depth)),
            "entry": In(Entry(config)),
            "valid": Out(1), "synapse": Out(Synapse(config)),
            "finishes_block": Out(1), "busy": Out(1)})

    def elaborate(self, platform):
        m = Module()
        event, left = Signal(QueuedEvent(self.config)), Signal.like(self.queue.p.count)
        is_first    = Signal()

        m.d.comb += [self.read.eq(left != 0), self.address.eq(event.start),
                     self.queue.ready.eq(left <= 1)]
        with m.If(self.read):
            m.d.sync += [event.start.eq(event.start + 1), left.eq(left - 1), is_first.eq(0)]
        with m.If(self.queue.valid & self.queue.ready):
            m.d.comb += self.finishes_block.eq(self.queue.p.marker)
            m.d.sync += [event.eq(self.queue.p), is_first.eq(1),
                         left.eq(Mux(self.queue.p.marker, 0, self.queue.p.count))]

        arrived     = Signal()
        arrived_event, arrived_first = Signal.like(event), Signal()
        position    = Signal.like(self.synapse.position)
        m.d.sync += [arrived.eq(self.read), arrived_event.eq(event), arrived_first.eq(is_first)]
        m.d.comb += position.eq(
            self.entry.skip + Mux(arrived_first, 0, self.synapse.position + 1))

        m.d.sync += self.valid.eq(arrived & (self.entry.magnitude != 0))
        with m.If(arrived):
            m.d.sync += [
                self.synapse.position.eq(position), self.synapse.magnitude.eq(self.entry.magnitude),
                self.synapse.negative.eq(self.entry.negative),
                self.synapse.exponent.eq(arrived_event.exponent),
                self.synapse.base.eq(arrived_event.base),
                self.synapse.rows.eq(arrived_event.rows),
                self.synapse.columns.eq(arrived_event.columns)]
        m.d.comb += self.busy.eq(self.read | arrived | self.valid)
        return m
