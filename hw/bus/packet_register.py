"""A register stage for a stream of packets whose source may be reset at any time."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..processor import Readout

__all__ = ["PacketRegister"]


class PacketRegister(wiring.Component):
    """Passes words on, one per cycle, each one cycle later; and ends the packet that an abort cuts.

    A word that is shown stays until it is taken, whatever happens to the source. After an abort in
    mid-packet one more word follows, 0 and the last, so that the next packet starts afresh. The
    output is a register; reset empties it.

    Members
    -------
    abort : ``In(1)``
        The source is being reset in this cycle; a word that it hands over in it still counts.
    words : ``In(stream.Signature(Readout))``
    packets : ``Out(stream.Signature(Readout))``
    busy : ``Out(1)``
        A word is shown, or the end of a cut packet is due.
    """

    abort: In(1)
    words: In(stream.Signature(Readout))
    packets: Out(stream.Signature(Readout))
    busy: Out(1)

    def elaborate(self, platform):
        m = Module()
        has_space = Signal()
        # Of the words that have come: the last one so far does not end a packet.
        is_open, next_is_open = Signal(), Signal()
        is_cut = Signal()
        m.d.comb += [
            has_space.eq(~self.packets.valid | self.packets.ready),
            self.words.ready.eq(has_space & ~is_cut),
            self.busy.eq(self.packets.valid | is_cut), next_is_open.eq(is_open)]
        with m.If(has_space):
            m.d.sync += self.packets.valid.eq(self.words.valid | is_cut)
            with m.If(is_cut):
                m.d.sync += [self.packets.p.word.eq(0), self.packets.p.last.eq(1), is_cut.eq(0)]
                m.d.comb += next_is_open.eq(0)
            with m.Elif(self.words.valid):
                m.d.sync += self.packets.p.eq(self.words.p)
                m.d.comb += next_is_open.eq(~self.words.p.last)
        m.d.sync += is_open.eq(next_is_open)
        with m.If(self.abort):
            m.d.sync += is_cut.eq(next_is_open)
        return m
