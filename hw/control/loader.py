"""The load stream: packets of words for the processor's memories."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..layout import ADDRESS_BITS, LOADED, Fault, LoadedWord, PacketHeader, load_bits

__all__ = ["LOAD_WORD_BITS", "Loader"]

LOAD_WORD_BITS = 32


class Loader(wiring.Component):
    """Takes packets apart: a header of three words, then the words for one memory.

    Header: target and lane (:class:`PacketHeader`), first address, number of memory words. Each
    memory word follows as ⌈width / 32⌉ stream words, least significant first. One stream
    word per cycle; a memory word shows at ``words`` in the cycle after its last stream word. A bad
    header sets ``fault``, after which nothing is taken until reset.

    Members
    -------
    enable : ``In(1)``
        A packet may begin; one that has begun goes on.
    load : ``In(stream.Signature(32))``
    words : ``Out(stream.Signature(LoadedWord(config), always_ready=True))``
    busy : ``Out(1)``
        A packet is incomplete.
    fault : ``Out(Fault)``
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "enable": In(1), "load": In(stream.Signature(LOAD_WORD_BITS)),
            "words": Out(stream.Signature(LoadedWord(config), always_ready=True)),
            "busy": Out(1), "fault": Out(Fault)})

    def elaborate(self, platform):
        m = Module()
        memories = {target: self.config.memories[name] for target, name in LOADED.items()}
        most     = -(-load_bits(self.config) // LOAD_WORD_BITS)
        header   = Signal(PacketHeader())
        address  = Signal(ADDRESS_BITS)
        left     = Signal(LOAD_WORD_BITS)
        chunk    = Signal(range(most))
        chunks   = Signal(data.ArrayLayout(LOAD_WORD_BITS, most))
        depth, last_chunk = Signal(ADDRESS_BITS + 1), Signal.like(chunk)
        is_known = Signal()
        with m.Switch(header.target):
            for target, memory in memories.items():
                with m.Case(target.value):
                    m.d.comb += [
                        is_known.eq(1), depth.eq(memory.words),
                        last_chunk.eq(-(-memory.width_bits // LOAD_WORD_BITS) - 1)]

        word = self.words.p
        m.d.comb += [word.lane.eq(header.lane), word.data.eq(chunks)]
        m.d.sync += [self.words.valid.eq(0), word.address.eq(address),
                     Value.cast(word.target).eq(header.target)]
        takes, problem = Signal(), Signal(Fault)
        m.d.comb += takes.eq(self.load.valid & self.load.ready)

        with m.FSM() as fsm:
            with m.State("Header"):
                m.d.comb += self.load.ready.eq(self.enable)
                with m.If(takes):
                    m.d.sync += header.eq(self.load.p)
                    m.next = "Address"
            with m.State("Address"):
                m.d.comb += self.load.ready.eq(1)
                with m.If(takes):
                    m.d.sync += left.eq(self.load.p)
                    m.next = "Count"
            with m.State("Count"):
                m.d.comb += self.load.ready.eq(1)
                with m.If(~is_known):
                    m.d.comb += problem.eq(Fault.TARGET)
                with m.Elif(header.lane >= self.config.lanes):
                    m.d.comb += problem.eq(Fault.LANE)
                with m.Elif(left + self.load.p > depth):
                    m.d.comb += problem.eq(Fault.LENGTH)
                with m.If(takes):
                    m.d.sync += [address.eq(left), left.eq(self.load.p), chunk.eq(0)]
                    with m.If(problem != Fault.NONE):
                        m.d.sync += self.fault.eq(problem)
                        m.next = "Failed"
                    with m.Elif(self.load.p == 0):
                        m.next = "Header"
                    with m.Else():
                        m.next = "Words"
            with m.State("Words"):
                m.d.comb += self.load.ready.eq(1)
                with m.If(takes):
                    m.d.sync += [chunks[chunk].eq(self.load.p), chunk.eq(chunk + 1)]
                    with m.If(chunk == last_chunk):
                        m.d.sync += [self.words.valid.eq(1), chunk.eq(0), left.eq(left - 1),
                                     address.eq(address + 1)]
                        with m.If(left == 1):
                            m.next = "Header"
            with m.State("Failed"):
                pass
        m.d.comb += self.busy.eq(~fsm.ongoing("Header") | self.words.valid)
        return m
