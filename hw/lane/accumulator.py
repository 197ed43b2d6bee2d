"""Membrane potentials and the adder that updates them."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..pipeline import delayed
from ..ram import Ram

__all__ = ["Accumulator"]


class Accumulator(wiring.Component):
    """Adds one addend per cycle to any potential, or reads and clears one.

    A read-modify-write pipeline of two stages: the address comes first, the addend in the cycle
    after; the sum is written at the end of that cycle. A deep pipeline has a register behind the
    memory, and all this is a cycle later. Additions in a row to one potential are
    forwarded. ``read`` is the same without an addend: the potential appears in the cycle after,
    in which zero is written in its place, unless it ``keeps``. Either kind may follow the other at
    once. ``store`` writes a potential that was kept; there must be no other write in its cycle.
    No back-pressure. Reset does not touch the memory: ``clear`` sweeps it.

    Members
    -------
    add, read, clear : ``In(1)``
        At most one: add to, read and clear, or only clear the potential at ``address``.
    keeps : ``In(1)``
        The potential that is read is not cleared; holds from the read to the cycle after.
    address : ``In(range(potential_depth))``
    addend : ``In(signed(product_bits + 2))``
        For the ``add`` of the cycle before.
    potential : ``Out(signed(potential_bits))``
        For the ``read`` of the cycle before.
    store : ``In(1)``, store_address, store_data : ``In``
        Writes a potential.
    is_writing : ``Out(1)``
        A potential is written in this cycle, other than by ``clear``.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "add": In(1), "read": In(1), "clear": In(1), "keeps": In(1),
            "address": In(range(config.potential_depth)),
            "addend": In(signed(config.numbers.product_bits + 2)),
            "potential": Out(signed(config.numbers.potential_bits)), "is_writing": Out(1),
            "store": In(1), "store_address": In(range(config.potential_depth)),
            "store_data": In(signed(config.numbers.potential_bits))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.potentials = potentials = Ram(
            signed(self.config.numbers.potential_bits), self.config.potential_depth)

        is_deep = self.config.deep_pipeline
        is_add, is_read, is_clear = (delayed(m, begins, 1 + is_deep)
                                     for begins in (self.add, self.read, self.clear))
        before  = delayed(m, self.address, is_deep)     # address in the cycle before the sum
        address = delayed(m, before, 1)

        # The memory still shows the value before a write at the end of the previous cycle.
        written   = Signal.like(self.potential)
        forwards  = Signal()
        m.d.sync += [
            written.eq(potentials.write_data),
            forwards.eq(potentials.write & (potentials.write_address == before))]
        found = potentials.read_data
        if is_deep:
            # Nor does it show what is written in the cycle of the read.
            collided, captured = Signal(), Signal.like(self.potential)
            m.d.sync += [
                collided.eq(potentials.write & (potentials.write_address == self.address)),
                captured.eq(Mux(collided, written, found))]
            found = captured
        m.d.comb += [
            potentials.read.eq(self.add | self.read), potentials.read_address.eq(self.address),
            self.potential.eq(Mux(forwards, written, found)),
            self.is_writing.eq(is_add | (is_read & ~self.keeps) | self.store),
            potentials.write.eq(self.is_writing | is_clear),
            potentials.write_address.eq(Mux(self.store, self.store_address, address)),
            potentials.write_data.eq(Mux(self.store, self.store_data,
                                         Mux(is_add, self.potential + self.addend, 0)))]
        return m
