"""The processor with a file on each of its streams."""

from pathlib import Path

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.config import Configuration
from hw.layout import Fault
from hw.processor import Processor

__all__ = ["TRACE_BITS", "VERILOG", "Harness"]

# Verilog of the modules that read and write the files.
VERILOG = tuple(sorted(Path(__file__).parent.glob("*.v")))
# Width of a traced value in its file.
TRACE_BITS = 32


class Harness(wiring.Component):
    """Feeds the processor from a file and writes what it sends to files.

    The load stream comes from ``+source=``: the words from ``first`` to before ``limit``, each time
    that ``send`` rises; together with ``start`` they are what is streamed during an inference. The
    readout stream goes to ``+readout=`` as pairs (last, word), potentials and spike codes to
    ``+potentials=`` and ``+times=`` as one value for each lane; every value has 32 bits, and files
    that are not named are not written.

    Inputs take effect one cycle later: they end in registers, because a simulator evaluates at each
    edge of the clock whatever depends on an input without a register, and on reset everything does.

    Members
    -------
    clk, rst : ``In(1)``
    first, limit : ``In(32)``
        Words of the source file to send, counted from its beginning.
    send, start : ``In(1)``
    settled : ``Out(1)``
        All those words are loaded and the processor is ready; or it has stopped with ``fault``.
    fault : ``Out(Fault)``
    recorded : ``Out(1)``
        The waveform that was asked for is complete; see ``recorder.v``.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "clk": In(1), "rst": In(1), "first": In(32), "limit": In(32), "send": In(1),
            "start": In(1), "settled": Out(1), "fault": Out(Fault), "recorded": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.domains.inputs = ClockDomain(reset_less=True, local=True)
        m.domains.sync   = ClockDomain(local=True)
        first, limit     = Signal.like(self.first), Signal.like(self.limit)
        send, start      = Signal(), Signal()
        m.d.comb   += [ClockSignal("inputs").eq(self.clk), ClockSignal().eq(self.clk)]
        m.d.inputs += [ResetSignal().eq(self.rst), first.eq(self.first), limit.eq(self.limit),
                       send.eq(self.send), start.eq(self.start)]

        m.submodules.processor = processor = Processor(self.config, trace=True)
        source_idle = Signal()
        m.submodules.source = Instance(
            "firstspike_source", p_WIDTH=len(processor.load.payload), i_clk=ClockSignal(),
            i_rst=ResetSignal(), i_first=first, i_limit=limit, i_send=send,
            o_word=processor.load.payload, o_valid=processor.load.valid,
            i_ready=processor.load.ready, o_idle=source_idle)
        m.d.comb += [
            processor.start.eq(start), processor.readout.ready.eq(1),
            self.fault.eq(processor.status.fault),
            self.settled.eq((source_idle & processor.status.ready) | (
                processor.status.fault != Fault.NONE))]

        readout, trace = processor.readout, processor.trace
        m.submodules.recorder = Instance(
            "firstspike_recorder", i_clk=ClockSignal(), i_start=start,
            i_layer_end=trace.layer_end, o_recorded=self.recorded)
        self._sink(m, "readout", readout.valid, [readout.p.word, readout.p.last])
        self._sink(m, "potentials", trace.potential_valid,
                   [trace.potentials[lane] for lane in range(self.config.lanes)])
        self._sink(m, "times", trace.time_valid,
                   [trace.times[lane] for lane in range(self.config.lanes)])
        return m

    def _sink(self, m, name: str, valid, values: list):
        extended = [Signal(TRACE_BITS, name=f"{name}_{index}") for index in range(len(values))]
        m.d.comb += [signal.eq(value) for signal, value in zip(extended, values, strict=True)]
        m.submodules[name] = Instance(
            "firstspike_sink", p_NAME=name, p_WIDTH=TRACE_BITS * len(values),
            i_clk=ClockSignal(), i_valid=valid, i_word=Cat(extended))
