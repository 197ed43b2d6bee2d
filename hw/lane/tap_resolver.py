"""From a weight's position to the potential that it changes."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..config import Configuration
from ..layout import TapDistances, TapEntry
from ..pipeline import delayed
from ..ram import Ram
from .log_multiplier import LogProduct
from .row_decoder import Synapse

__all__ = ["TapResolver"]


class TapResolver(wiring.Component):
    """Splits a position into tap and local channel, and adds the tap's distance to the base.

    One synapse per cycle, latency one cycle, in a deep pipeline two to the factors and three to the
    address, no back-pressure. Reset drops the synapse in hand.

    Members
    -------
    valid : ``In(1)``, synapse : ``In(Synapse(config))``
    local_bits : ``In``
        Positions of one tap are 2^local_bits apart.
    taps : ``In(TapDistances(config))``
        The taps of the kernel, in order.
    entry : ``In(TapEntry(config))``
        What is entered in ``taps``: a deep pipeline has a table of its own.
    add : ``Out(1)``
        An operation for the accumulator and the multiplier.
    address : ``Out(range(potential_depth))``, factors : ``Out(LogProduct(config))``
    busy : ``Out(1)``
        A synapse is on its way.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "valid": In(1), "synapse": In(Synapse(config)),
            "local_bits": In(range(ceil_log2(config.potential_depth) + 1)),
            "taps": In(TapDistances(config)), "entry": In(TapEntry(config)),
            "add": Out(1), "address": Out(range(config.potential_depth)),
            "factors": Out(LogProduct(config)), "busy": Out(1)})

    def elaborate(self, platform):
        m = Module()
        synapse = self.synapse
        tap     = Signal(range(self.config.max_kernel ** 2))
        local   = Signal(range(self.config.potential_depth))
        mask    = Signal.like(local)
        m.d.comb += [
            tap.eq(synapse.position >> self.local_bits),
            mask.eq((Const(1) << self.local_bits) - 1),
            local.eq(synapse.position & mask)]
        is_deep = self.config.deep_pipeline
        valid, synapse, tap, local = (delayed(m, value, is_deep)
                                      for value in (self.valid, synapse, tap, local))
        m.d.sync += [
            self.factors.exponent.eq(synapse.exponent),
            self.factors.magnitude.eq(synapse.magnitude),
            self.factors.negative.eq(synapse.negative)]
        # The address is a cycle behind the factors in a deep pipeline.
        adds, base, local = (delayed(m, value, is_deep) for value in (valid, synapse.base, local))
        distance = self._own_table(m, tap) if is_deep else self.taps[tap]
        m.d.comb += self.busy.eq(self.add | (valid | adds if is_deep else 0))
        m.d.sync += [self.add.eq(adds), self.address.eq((base + distance) | local)]
        return m

    def _own_table(self, m, tap) -> Value:
        """Return the distance of the tap of the cycle before."""
        m.submodules.table = table = Ram(
            range(self.config.potential_depth), self.config.max_kernel ** 2)
        m.d.comb += [
            table.write.eq(self.entry.valid), table.write_address.eq(self.entry.tap),
            table.write_data.eq(self.entry.distance), table.read.eq(1),
            table.read_address.eq(tap)]
        return table.read_data
