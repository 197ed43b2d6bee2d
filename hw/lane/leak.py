"""What a leaky integrate-and-fire neuron keeps for the next step."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..config import Configuration
from ..numbers import LEAK_ONE
from ..pipeline import delayed

__all__ = ["Leak"]

PART_BITS = 16


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
        # In a deep pipeline two products, each of which fits a multiplier of 18 bits.
        is_split = is_deep and len(rest) > PART_BITS
        parts = [rest[:PART_BITS], rest[PART_BITS:].as_signed()] if is_split else [rest]
        product = sum(delayed(m, part * self.leak, is_deep) << PART_BITS * index
                      for index, part in enumerate(parts))
        m.d.sync += [self.spikes.eq(delayed(m, spiked, is_deep)),
                     self.kept.eq(product >> exact_log2(LEAK_ONE))]
        return m
