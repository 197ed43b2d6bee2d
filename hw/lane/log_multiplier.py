"""Product of a spike and a logarithmic weight, without a multiplier."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..config import Configuration
from ..layout import exponent_bits
from ..pipeline import delayed

__all__ = ["LogMultiplier", "LogProduct"]


class LogProduct(data.StructLayout):
    """Factors of a product: a spike's exponent, a weight's sign and its magnitude code q + 1."""

    def __init__(self, config: Configuration):
        super().__init__({
            "exponent": exponent_bits(config), "magnitude": config.numbers.weight_bits - 1,
            "negative": 1})


class LogMultiplier(wiring.Component):
    """Turns spike exponent and weight code into ``±P(e + q·τ/ρ)``, truncated before the sign.

    One small addition, a table of τ entries, one right shift (DESIGN section 2). One product per
    cycle, latency one cycle, three in a deep pipeline, no back-pressure, no state to reset.

    Members
    -------
    factors : ``In(LogProduct(config))``
        ``magnitude`` is not 0.
    product : ``Out(signed(product_bits + 2))``
        The product of the cycle before, in a deep pipeline of the third one before.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "factors": In(LogProduct(config)),
            "product": Out(signed(config.numbers.product_bits + 2))})

    def elaborate(self, platform):
        m = Module()
        numbers = self.config.numbers
        octave_bits = exact_log2(numbers.steps_per_octave)

        code = self.factors.magnitude - 1
        most = (1 << exponent_bits(self.config)) - 1 + (
            numbers.largest_code - 1) * numbers.weight_stride
        exponent = Signal(range(most + 1))
        m.d.comb += exponent.eq(
            self.factors.exponent + (code[:-1] << exact_log2(numbers.weight_stride)))
        exponent, negative = (delayed(m, value, self.config.deep_pipeline)
                              for value in (exponent, self.factors.negative))

        table = Array(Const(value, numbers.product_bits + 1) for value in numbers.product_table)
        magnitude = Signal(numbers.product_bits + 1)
        m.d.comb += magnitude.eq(table[exponent[:octave_bits]] >> exponent[octave_bits:])
        magnitude, negative = (delayed(m, value, self.config.deep_pipeline)
                               for value in (magnitude, negative))
        m.d.sync += self.product.eq(Mux(negative, -magnitude, magnitude))
        return m
