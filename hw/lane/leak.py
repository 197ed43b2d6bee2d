"""What a leaky integrate-and-fire neuron keeps for the next step."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..config import Configuration
from ..numbers import LEAK_ONE
from ..pipeline import delayed

__all__ = ["Leak"]


class Leak(wiring.Component):
    """Compares a potential with its threshold, subtracts it after a spike, and lets the rest leak.

    ``kept = ⌊leak · (V − threshold · spikes) / 256⌋``, toward minus infinity (DESIGN section 2,
    where the leak comes before the next step's sum). One neuron per cycle, latency two cycles,
    four in a deep pipeline, no back-pressure, no state to reset.

    Members
    -------
    potential : ``In(signed(potential_bits))``
    threshold, leak : ``In``
        Of a layer; hold while its neurons pass.
    spikes : ``Out(1)``, kept : ``Out(signed(potential_bits))``
        Of the potential two (four) cycles before.
    """

    def __init__(self, config: Configuration):
        self.config, bits = config, config.numbers.potential_bits
        super().__init__({
            "potential": In(signed(bits)), "threshold": In(bits), "leak": In(range(LEAK_ONE + 1)),
            "spikes": Out(1), "kept": Out(signed(bits))})

    def elaborate(self, platform):
        m = Module()
        is_deep = self.config.deep_pipeline
        reaches, spiked = Signal(), Signal()
        rest = Signal.like(self.potential)
        m.d.comb += reaches.eq(self.potential >= self.threshold)
        reaches, potential = (delayed(m, value, is_deep) for value in (reaches, self.potential))
        m.d.sync += [spiked.eq(reaches), rest.eq(potential - Mux(reaches, self.threshold, 0))]
        m.d.sync += [
            self.spikes.eq(delayed(m, spiked, is_deep)),
            self.kept.eq(delayed(m, rest * self.leak, is_deep) >> exact_log2(LEAK_ONE))]
        return m
