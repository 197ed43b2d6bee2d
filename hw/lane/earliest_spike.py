"""Max pooling of spike times: the earliest spike of a window."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration

__all__ = ["EarliestSpike"]


class EarliestSpike(wiring.Component):
    """Finds the earliest spike of a window whose neurons come one after the other.

    One neuron per cycle, no latency: ``earliest`` covers ``time`` of the same cycle and the valid
    neurons since the last ``first``. Silence is the latest time of all. Reset does not matter:
    ``first`` starts afresh.

    Members
    -------
    valid, first : ``In(1)``
        A neuron is there; it is the first of its window.
    time : ``In(range(window + 1))``
    earliest : ``Out(range(window + 1))``
    """

    def __init__(self, config: Configuration):
        super().__init__({
            "valid": In(1), "first": In(1), "time": In(config.spike_bits),
            "earliest": Out(config.spike_bits)})

    def elaborate(self, platform):
        m = Module()
        earliest_before = Signal.like(self.earliest)
        m.d.comb += self.earliest.eq(
            Mux(~self.first & (earliest_before < self.time), earliest_before, self.time))
        with m.If(self.valid):
            m.d.sync += earliest_before.eq(self.earliest)
        return m
