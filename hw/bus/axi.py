"""The processor behind AXI: registers, load stream, readout stream, interrupt."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..layout import Fault
from ..processor import Processor
from .axi_lite import AxiLite, AxiLiteSubordinate
from .packet_register import PacketRegister
from .register_file import RegisterFile
from .registers import MAGIC, REGISTER_BITS, VERSION
from .supervisor import Supervisor

__all__ = ["AxiProcessor"]


class AxiProcessor(wiring.Component):
    """A :class:`hw.processor.Processor` with the ports that AXI interconnects and DMA engines have.

    Load packets come through ``s_axis_load``, whose ``tlast`` is ignored; each inference sends one
    packet through ``m_axis_readout``. After a fault the load stream is taken and dropped, so that
    a transfer under way can end, until a soft reset. That resets the processor and all registers
    but ``interrupt_enable``; the readout packet that it cuts ends in one more word, 0 with
    ``tlast``. No output depends on an input of the same cycle.

    Parameters
    ----------
    config : :class:`hw.config.Configuration`

    Members
    -------
    aclk, aresetn : ``In(1)``
        Clock, and synchronous reset, active low.
    s_axi_awaddr … : ``In``, ``Out``
        AXI4-Lite, see :class:`hw.bus.axi_lite.AxiLite` and :data:`hw.bus.registers.REGISTERS`.
    s_axis_load_tdata, s_axis_load_tvalid, s_axis_load_tlast : ``In``, s_axis_load_tready : ``Out``
        As wide as the processor's load stream.
    m_axis_readout_tdata, m_axis_readout_tvalid, m_axis_readout_tlast : ``Out``,
    m_axis_readout_tready : ``In``
    irq : ``Out(1)``
        High as long as an event that is enabled lasts.
    """

    def __init__(self, config: Configuration):
        self.config = config
        self._processor = Processor(config)
        bus = {f"s_axi_{name}": member for name, member in AxiLite().flip().members.items()}
        super().__init__(bus | {
            "aclk": In(1), "aresetn": In(1),
            "s_axis_load_tdata": In(len(Value.cast(self._processor.load.payload))),
            "s_axis_load_tvalid": In(1), "s_axis_load_tlast": In(1),
            "s_axis_load_tready": Out(1),
            "m_axis_readout_tdata": Out(REGISTER_BITS), "m_axis_readout_tvalid": Out(1),
            "m_axis_readout_tlast": Out(1), "m_axis_readout_tready": In(1), "irq": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = ClockDomain(local=True)
        m.domains.core = ClockDomain(local=True)
        resets = Signal()
        m.d.comb += [
            ClockSignal().eq(self.aclk), ResetSignal().eq(~self.aresetn),
            ClockSignal("core").eq(self.aclk), ResetSignal("core").eq(~self.aresetn | resets)]
        m.submodules.processor = DomainRenamer("core")(self._processor)
        m.submodules.registers = registers = RegisterFile()
        m.submodules.supervisor = supervisor = Supervisor()
        m.submodules.readout = readout = PacketRegister()
        m.d.comb += [resets.eq(registers.commands.control.reset),
                     registers.clear.eq(resets), readout.abort.eq(resets)]
        self._connect_bus(m, registers)
        self._connect_streams(m, readout)
        self._supervise(m, supervisor, registers, readout)
        self._show(m, supervisor, registers.shown)
        return m

    def _connect_bus(self, m, registers):
        m.submodules.bus = subordinate = AxiLiteSubordinate()
        for name, member in subordinate.bus.signature.members.items():
            inner, outer = getattr(subordinate.bus, name), getattr(self, f"s_axi_{name}")
            m.d.comb += inner.eq(outer) if member.flow is In else outer.eq(inner)
        m.d.comb += [
            registers.write.eq(subordinate.write),
            registers.write_address.eq(subordinate.write_address),
            registers.write_data.eq(subordinate.write_data),
            registers.write_mask.eq(subordinate.write_mask),
            subordinate.write_error.eq(registers.write_error),
            registers.read_address.eq(subordinate.read_address),
            subordinate.read_data.eq(registers.read_data),
            subordinate.read_error.eq(registers.read_error)]

    def _connect_streams(self, m, readout):
        load, status = self._processor.load, self._processor.status
        m.d.comb += [
            load.payload.eq(self.s_axis_load_tdata), load.valid.eq(self.s_axis_load_tvalid),
            self.s_axis_load_tready.eq(load.ready | (status.fault != Fault.NONE)),
            self.m_axis_readout_tdata.eq(readout.packets.p.word),
            self.m_axis_readout_tlast.eq(readout.packets.p.last),
            self.m_axis_readout_tvalid.eq(readout.packets.valid),
            readout.packets.ready.eq(self.m_axis_readout_tready)]
        wiring.connect(m, self._processor.readout, readout.words)

    def _supervise(self, m, supervisor, registers, readout):
        """Connect commands, processor and events; raise the interrupt."""
        packets, enable = readout.packets, registers.kept.interrupt_enable
        m.d.comb += [
            supervisor.start.eq(registers.commands.control.start),
            supervisor.reset.eq(registers.commands.control.reset),
            supervisor.status.eq(self._processor.status), supervisor.draining.eq(readout.busy),
            supervisor.ends.eq(packets.valid & packets.ready & packets.p.last),
            self._processor.start.eq(supervisor.begin),
            registers.set.status.done.eq(supervisor.done),
            registers.set.status.refused.eq(supervisor.refused)]
        m.d.sync += self.irq.eq((registers.sticky.status.done & enable.done)
                                | (supervisor.is_faulty & enable.fault))

    def _show(self, m, supervisor, shown):
        """Show what was built, and what it does."""
        m.d.comb += [
            shown.identification.magic.eq(MAGIC),
            shown.version.major.eq(VERSION[0]), shown.version.minor.eq(VERSION[1]),
            shown.configuration.lanes.eq(self.config.lanes),
            shown.configuration.potential_bits.eq(self.config.numbers.potential_bits),
            shown.configuration.counters.eq(self.config.counters),
            shown.configuration.stream_bits.eq(len(self.s_axis_load_tdata)),
            shown.configuration_hash.prefix.eq(int(self.config.sha256[:8], 16)),
            shown.status.ready.eq(supervisor.ready), shown.status.busy.eq(supervisor.busy),
            shown.status.fault.eq(self._processor.status.fault),
            shown.cycles.count.eq(supervisor.cycles), shown.images.count.eq(supervisor.images)]
