"""The firing rule: from a potential to the time of its spike."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..config import Configuration
from ..numbers import NumberFormat
from ..pipeline import delayed

__all__ = ["Membrane", "SpikeEncoder"]


class Membrane(data.StructLayout):
    """A potential, bias included, and the threshold step of its channel."""

    def __init__(self, config: Configuration):
        super().__init__({
            "potential": signed(config.numbers.potential_bits),
            "threshold_step": range(config.max_threshold_step + 1)})


def octave_thresholds(numbers: NumberFormat) -> list[int]:
    """Return the potentials of the top octave at which the level rises, for levels 1 … τ.

    The top octave has its leading one at bit ``potential_bits - 2``.
    """
    top = (numbers.potential_bits - 2) * numbers.steps_per_octave
    return [numbers.firing_threshold(top + level)
            for level in range(1, numbers.steps_per_octave + 1)]


class SpikeEncoder(wiring.Component):
    """Finds the spike time ``max(0, s - m)``, m being the largest with ``V >= 2^((m - δ)/τ)``.

    The leading one gives the octave, τ comparisons the level inside it. One neuron per
    cycle, latency two cycles, four in a deep pipeline, no back-pressure, no state to reset.

    Members
    -------
    membrane : ``In(Membrane(config))``
    time : ``Out(range(window + 1))``
        Of the membrane two (four) cycles before; ``window`` is silence.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "membrane": In(Membrane(config)), "time": Out(config.spike_bits)})

    def elaborate(self, platform):
        m = Module()
        numbers   = self.config.numbers
        membrane  = self.membrane
        bits      = len(membrane.potential) - 1

        # Stage 1: shift the leading one to the top, by large powers of two first;
        # in a deep pipeline the two largest in a cycle of their own.
        octave     = Signal(range(bits))
        normalised = Signal(bits)
        has_spike  = Signal()
        step       = Signal.like(membrane.threshold_step)
        shifts     = [1 << power for power in reversed(range((bits - 1).bit_length()))]
        shifted, distances = membrane.potential[:-1], []
        for index, shift in enumerate(shifts):
            is_low = ~shifted[-shift:].any()
            shifted = Mux(is_low, (shifted << shift)[:bits], shifted)
            distances.append(is_low)
            if index == 1:
                membrane, shifted, *distances = (delayed(m, value, self.config.deep_pipeline)
                                                 for value in (membrane, shifted, *distances))
        m.d.sync += [
            octave.eq(bits - 1 - Cat(reversed(distances))), step.eq(membrane.threshold_step),
            normalised.eq(shifted), has_spike.eq(membrane.potential > 0)]

        # Stage 2: level inside the octave, and time.
        passed = Signal(range(numbers.steps_per_octave + 1))
        m.d.comb += passed.eq(sum(
            (normalised >= threshold for threshold in octave_thresholds(numbers)), Const(0)))
        octave, passed, step, has_spike = (delayed(m, value, self.config.deep_pipeline)
                                           for value in (octave, passed, step, has_spike))
        level = Signal(range(numbers.level(numbers.potential_max) + 1))
        delay = Signal(signed(len(step) + 1))
        m.d.comb += [
            level.eq((octave << exact_log2(numbers.steps_per_octave)) + passed),
            delay.eq(step - level)]
        with m.If(~has_spike | (delay >= numbers.silence)):
            m.d.sync += self.time.eq(numbers.silence)
        with m.Elif(delay < 0):
            m.d.sync += self.time.eq(0)
        with m.Else():
            m.d.sync += self.time.eq(delay)
        return m
