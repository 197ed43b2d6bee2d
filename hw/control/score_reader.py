"""Sends the potentials of the output layer, lane after lane."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration

__all__ = ["READOUT_BITS", "ScoreReader"]

READOUT_BITS = 32


class ScoreReader(wiring.Component):
    """Takes one neuron of each lane at a time and sends their potentials as words.

    Scores leave in the order of output channels, sign-extended, one per cycle while they are taken;
    the next neurons are taken when the last score of these has left. Reset drops what is left.

    Members
    -------
    take : ``In(1)``, lanes : ``In(range(lanes + 1))``
        Neurons of the first ``lanes`` lanes are being read; only while ``ready``.
    ready : ``Out(1)``
    potentials : ``In``, potential_valid : ``In(1)``
        What the lanes read.
    words : ``Out(stream.Signature(32))``, last : ``Out(1)``
        The word is the last of these scores.
    finishes : ``Out(1)``
        It leaves in this cycle.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "take": In(1), "lanes": In(range(config.lanes + 1)), "ready": Out(1),
            "potentials": In(data.ArrayLayout(
                signed(config.numbers.potential_bits), config.lanes)),
            "potential_valid": In(1), "words": Out(stream.Signature(READOUT_BITS)),
            "last": Out(1), "finishes": Out(1)})

    def elaborate(self, platform):
        m = Module()
        lane, lanes = Signal(range(self.config.lanes)), Signal.like(self.lanes)
        # The word is in a register, since its lane may be far away.
        advances, is_last = Signal(), Signal()
        m.d.comb += advances.eq((self.words.valid & self.words.ready) | self.potential_valid)
        with m.If(advances):
            m.d.sync += [self.words.p.eq(self.potentials[lane]), lane.eq(lane + 1),
                         is_last.eq(lane + 1 == lanes)]
        with m.FSM():
            with m.State("Idle"):
                m.d.comb += self.ready.eq(1)
                with m.If(self.take):
                    m.d.sync += [lanes.eq(self.lanes), lane.eq(0)]
                    m.next = "Wait"
            with m.State("Wait"):
                with m.If(self.potential_valid):
                    m.next = "Send"
            with m.State("Send"):
                m.d.comb += [self.words.valid.eq(1), self.last.eq(is_last),
                             self.finishes.eq(self.last & self.words.ready)]
                with m.If(self.finishes):
                    m.next = "Idle"
        return m
