"""The load stream: packets of words for the processor's memories."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..layout import (
    ADDRESS_BITS,
    LANE_TARGETS,
    LOADED,
    STREAMED_TARGETS,
    Fault,
    LoadedWord,
    PacketHeader,
    Target,
    load_slots,
    loaded_bits,
)
from ..pipeline import delayed

__all__ = ["STREAMED_BEATS", "Loader"]

# Shape of a number of beats, at most those of a header.
STREAMED_BEATS = range(PacketHeader().size // 32 + 1)


class Loader(wiring.Component):
    """Takes packets apart: a header, then words for one memory, or for that of several lanes.

    Header: target, first lane, first address, number of addresses (:class:`PacketHeader`), in as
    many beats as it needs, least significant bits first. Then, address after address, words of as
    many lanes as a beat has room for (:func:`hw.layout.load_slots`), or one word in as many beats
    as it needs. One beat per cycle, and one cycle for each header; a word shows in the cycle after
    its last beat. A packet for ``SLICE`` has no words: it ends a slice of streamed weights. While
    ``running``, a packet for a memory that is in use waits. A bad header sets ``fault``, after
    which nothing is taken until reset.

    Members
    -------
    enable, running : ``In(1)``
        A packet may begin; one that has begun goes on. An inference runs.
    load : ``In(stream.Signature(stream_bits))``
    valid : ``Out(1)``, word : ``Out(LoadedWord(config, LOADED))``
        A word for a memory that the lanes share.
    lane_valid : ``Out(lanes)``
    lane_words : ``Out(ArrayLayout(LoadedWord(config, LANE_TARGETS), lanes))``
        Words for memories of lanes, which take them in this cycle or the next one.
    ends_slice : ``Out(1)``
        All words of a slice have been loaded.
    streamed_beats : ``Out``
        So many beats turn out to be streamed weights in this cycle: a header, or a beat of words.
    busy : ``Out(1)``
        A packet is incomplete.
    blocked : ``Out(1)``
        It waits for the end of the inference.
    fault : ``Out(Fault)``
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "enable": In(1), "running": In(1), "load": In(stream.Signature(config.stream_bits)),
            "valid": Out(1), "word": Out(LoadedWord(config, LOADED)),
            "lane_valid": Out(config.lanes),
            "lane_words": Out(data.ArrayLayout(LoadedWord(config, LANE_TARGETS), config.lanes)),
            "ends_slice": Out(1), "streamed_beats": Out(STREAMED_BEATS), "busy": Out(1),
            "blocked": Out(1), "fault": Out(Fault)})

    def elaborate(self, platform):
        m = Module()
        config   = self.config
        slots    = {target: load_slots(config, target) for target in LOADED}
        beats    = max(beats for _, beats in slots.values())
        header_beats = -(-PacketHeader().size // config.stream_bits)
        head     = Signal(data.ArrayLayout(config.stream_bits, header_beats))
        header   = data.View(PacketHeader(), Value.cast(head)[:PacketHeader().size])
        address, left = Signal(ADDRESS_BITS), Signal.like(header.count)
        beat     = Signal(range(max(2, beats, header_beats)))
        last     = Signal.like(beat)
        received = Signal(data.ArrayLayout(config.stream_bits, beats))
        depth    = Signal(ADDRESS_BITS + 1)
        is_known, is_streamed = Signal(), Signal()
        with m.Switch(header.target):
            for target, name in LOADED.items():
                with m.Case(target.value):
                    m.d.comb += [is_known.eq(1), depth.eq(config.memories[name].words),
                                 last.eq(slots[target][1] - 1),
                                 is_streamed.eq(target in STREAMED_TARGETS)]
            with m.Case(Target.SLICE.value):
                m.d.comb += [is_known.eq(1), is_streamed.eq(1)]

        has_word = Signal()
        m.d.sync += [has_word.eq(0), self.word.address.eq(address),
                     Value.cast(self.word.target).eq(header.target)]
        self._deliver(m, has_word, header, received, slots)
        takes, problem = Signal(), Signal(Fault)
        m.d.comb += takes.eq(self.load.valid & self.load.ready)

        with m.FSM() as fsm:
            with m.State("Header"):
                m.d.comb += self.load.ready.eq(self.enable | (beat != 0))
                with m.If(takes):
                    m.d.sync += [head[beat].eq(self.load.p), beat.eq(beat + 1)]
                    with m.If(beat == header_beats - 1):
                        m.d.sync += beat.eq(0)
                        m.next = "Check"
            with m.State("Check"):
                m.d.sync += [address.eq(header.address), left.eq(header.count)]
                m.d.comb += self.streamed_beats.eq(Mux(is_streamed, header_beats, 0))
                with m.If(~is_known):
                    m.d.comb += problem.eq(Fault.TARGET)
                with m.Elif(header.lane >= config.lanes):
                    m.d.comb += problem.eq(Fault.LANE)
                with m.Elif(header.address + header.count > depth):
                    m.d.comb += problem.eq(Fault.LENGTH)
                with m.If(problem != Fault.NONE):
                    m.d.sync += self.fault.eq(problem)
                    m.next = "Failed"
                with m.Elif(is_streamed | ~self.running):
                    m.d.comb += self.ends_slice.eq(header.target == Target.SLICE.value)
                    with m.If(header.count == 0):
                        m.next = "Header"
                    with m.Else():
                        m.next = "Words"
            with m.State("Words"):
                m.d.comb += self.load.ready.eq(1)
                with m.If(takes):
                    m.d.comb += self.streamed_beats.eq(is_streamed)
                    m.d.sync += [received[beat].eq(self.load.p), beat.eq(beat + 1)]
                    with m.If(beat == last):
                        m.d.sync += [has_word.eq(1), beat.eq(0), left.eq(left - 1),
                                     address.eq(address + 1)]
                        with m.If(left == 1):
                            m.next = "Header"
            with m.State("Failed"):
                pass
        m.d.comb += [
            self.busy.eq(~fsm.ongoing("Header") | (beat != 0) | has_word
                         | (delayed(m, has_word, 1) if config.deep_pipeline else 0)),
            self.blocked.eq(fsm.ongoing("Check") & ~is_streamed & self.running)]
        return m

    def _deliver(self, m, has_word, header, received, slots):
        """Show what has been received to the owner, or owners, of its memory."""
        config, word = self.config, self.word
        bits = Value.cast(received)
        first_lane = Signal(range(config.lanes))
        m.d.sync += first_lane.eq(header.lane)
        is_lanes = Cat(word.target == target for target in LANE_TARGETS).any()
        m.d.comb += [self.valid.eq(has_word & ~is_lanes), word.data.eq(bits)]
        for lane in range(config.lanes):
            own = self.lane_words[lane]
            m.d.comb += [own.target.eq(word.target), own.address.eq(word.address)]
            with m.Switch(word.target):
                for target in LANE_TARGETS:
                    together, _ = slots[target]
                    start = lane % together * (config.stream_bits // together)
                    with m.Case(target):
                        m.d.comb += [
                            own.data.eq(bits[start:start + loaded_bits(config, target)]),
                            self.lane_valid[lane].eq(
                                has_word & (first_lane // together == lane // together))]
