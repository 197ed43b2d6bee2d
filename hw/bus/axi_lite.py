"""AXI4-Lite: the signals, and a subordinate that turns them into one access at a time."""

from amaranth import *
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

from .registers import ADDRESS_BITS, REGISTER_BITS

__all__ = ["AxiLite", "AxiLiteSubordinate", "Response"]

STROBES = REGISTER_BITS // 8


class Response(enum.Enum, shape=2):
    """How an access ended."""

    OKAY = 0
    SLVERR = 2


class AxiLite(wiring.Signature):
    """The signals of AXI4-Lite under their standard names, seen from the manager."""

    def __init__(self):
        super().__init__({
            "awaddr": Out(ADDRESS_BITS), "awprot": Out(3), "awvalid": Out(1), "awready": In(1),
            "wdata": Out(REGISTER_BITS), "wstrb": Out(STROBES), "wvalid": Out(1), "wready": In(1),
            "bresp": In(Response), "bvalid": In(1), "bready": Out(1),
            "araddr": Out(ADDRESS_BITS), "arprot": Out(3), "arvalid": Out(1), "arready": In(1),
            "rdata": In(REGISTER_BITS), "rresp": In(Response), "rvalid": In(1), "rready": Out(1)})


class AxiLiteSubordinate(wiring.Component):
    """Carries out writes and reads of a manager, one of each at a time.

    Address and data of a write may come in any order, any time apart. An access takes place in the
    cycle after it is complete, or after the response before it has left; it is answered in the
    cycle after that, so each direction takes an access every two cycles. A write and a read may
    take place in the same cycle: the read sees the value before. No output depends on an input of
    the bus in the same cycle. Protection bits are ignored. Reset forgets what was not answered.

    Members
    -------
    bus : ``In(AxiLite())``
    write : ``Out(1)``, write_address, write_data, write_mask : ``Out``
        A write takes place; the mask has the bits of the bytes that it is to change.
    write_error : ``In(1)``
        It is answered with an error.
    read : ``Out(1)``, read_address : ``Out``, read_data : ``In``, read_error : ``In(1)``
        A read takes place; its answer is due in the same cycle.
    """

    bus: In(AxiLite())
    write: Out(1)
    write_address: Out(ADDRESS_BITS)
    write_data: Out(REGISTER_BITS)
    write_mask: Out(REGISTER_BITS)
    write_error: In(1)
    read: Out(1)
    read_address: Out(ADDRESS_BITS)
    read_data: In(REGISTER_BITS)
    read_error: In(1)

    def elaborate(self, platform):
        m = Module()
        self._write(m)
        self._read(m)
        return m

    def _write(self, m):
        bus = self.bus
        has_address, has_data = Signal(), Signal()
        strobes = Signal(STROBES)
        m.d.comb += [
            bus.awready.eq(~has_address), bus.wready.eq(~has_data),
            self.write.eq(has_address & has_data & ~bus.bvalid),
            self.write_mask.eq(Cat(strobe.replicate(8) for strobe in strobes))]
        with m.If(bus.awvalid & bus.awready):
            m.d.sync += [has_address.eq(1), self.write_address.eq(bus.awaddr)]
        with m.If(bus.wvalid & bus.wready):
            m.d.sync += [has_data.eq(1), self.write_data.eq(bus.wdata), strobes.eq(bus.wstrb)]
        with m.If(bus.bready):
            m.d.sync += bus.bvalid.eq(0)
        with m.If(self.write):
            m.d.sync += [has_address.eq(0), has_data.eq(0), bus.bvalid.eq(1),
                         bus.bresp.eq(response(self.write_error))]

    def _read(self, m):
        bus = self.bus
        has_address = Signal()
        m.d.comb += [bus.arready.eq(~has_address),
                     self.read.eq(has_address & ~bus.rvalid)]
        with m.If(bus.arvalid & bus.arready):
            m.d.sync += [has_address.eq(1), self.read_address.eq(bus.araddr)]
        with m.If(bus.rready):
            m.d.sync += bus.rvalid.eq(0)
        with m.If(self.read):
            m.d.sync += [has_address.eq(0), bus.rvalid.eq(1), bus.rdata.eq(self.read_data),
                         bus.rresp.eq(response(self.read_error))]


def response(error: Value) -> Value:
    """Return the response to an access that fails if ``error``."""
    return Mux(error, Response.SLVERR, Response.OKAY)
