"""The memory that every block uses: one read port, one write port, one clock."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Ram", "load_into"]


def load_into(m: Module, ram: "Ram", valid, word, target, data=None) -> None:
    """Let ``ram`` take the loaded words (``hw.layout.LoadedWord``) that are for ``target``.

    ``data`` is the part of the word that it takes, by default all of it.
    """
    m.d.comb += [
        ram.write.eq(valid & (word.target == target)), ram.write_address.eq(word.address),
        Value.cast(ram.write_data).eq(word.data if data is None else data)]


class Ram(wiring.Component):
    """A synchronous memory.

    A read takes one cycle and its result stays until the next read. A read in the cycle of a write
    to the same word gives a result that must not be used: memories of chips differ in it, and those
    that need not care are smaller and faster. Contents survive reset and are undefined before the
    first write.

    For simulation in Amaranth it is a behavioural memory, in which such a result is wrong in every
    bit; emitted Verilog instantiates the module ``firstspike_ram`` (``ram.v``), which a technology
    may replace by its own macro.

    Parameters
    ----------
    shape
        Shape of a word.
    depth
        Number of words.

    Members
    -------
    read, write : ``In(1)``
    read_address, write_address : ``In(range(depth))``
    read_data : ``Out(shape)``
        Result of the last read.
    write_data : ``In(shape)``
    """

    def __init__(self, shape, depth: int):
        self.shape, self.depth = shape, depth
        super().__init__({
            "read": In(1), "read_address": In(range(depth)), "read_data": Out(shape),
            "write": In(1), "write_address": In(range(depth)), "write_data": In(shape)})

    def elaborate(self, platform):
        if platform is not None:
            return self._instance()
        m = Module()
        m.submodules.words = words = memory.Memory(shape=self.shape, depth=self.depth, init=[])
        read, write = words.read_port(), words.write_port()
        collided = Signal()
        with m.If(self.read):
            m.d.sync += collided.eq(self.write & (self.write_address == self.read_address))
        found = Value.cast(read.data)
        m.d.comb += [
            read.en.eq(self.read), read.addr.eq(self.read_address),
            Value.cast(self.read_data).eq(Mux(collided, ~found, found)), write.en.eq(self.write),
            write.addr.eq(self.write_address), write.data.eq(self.write_data)]
        return m

    def _instance(self):
        read_data = Value.cast(self.read_data)
        return Instance(
            "firstspike_ram", p_WIDTH=len(read_data), p_DEPTH=self.depth,
            p_ADDRESS_BITS=len(self.read_address), i_clk=ClockSignal(),
            i_read=self.read, i_read_address=self.read_address, o_read_data=read_data,
            i_write=self.write, i_write_address=self.write_address,
            i_write_data=Value.cast(self.write_data))
