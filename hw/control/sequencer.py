"""Runs a program: fetches instructions and starts the blocks that carry them out."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..instruction import Instruction, Opcode
from ..lane.lane import FIRE_LATENCY
from ..layout import Fault

__all__ = ["Sequencer"]


class Sequencer(wiring.Component):
    """Sweeps the potentials after reset, then runs the program once for each ``start``.

    An instruction takes two cycles to fetch. A synapse group works out its taps, then runs until
    dispatcher and lanes are done; a layer fires, then ends. After the scores the counters are
    reported, if there are any. A bad program ends in ``fault``, until reset.

    Members
    -------
    start : ``In(1)``
        Run the program; only while ``ready``.
    may_start, ready : ``In(1)``, ``Out(1)``
        Nothing is being loaded; nothing is running either.
    clear : ``Out(1)``, clear_address : ``Out``
    instruction_read : ``Out(1)``, instruction_address : ``Out``, instruction : ``In``
    tabulate : ``Out(1)``, tabulated : ``In(1)``
        Start the tap table; it is done.
    integrate : ``Out(1)``, integrating : ``In(1)``
        Start a synapse group; dispatcher or a lane is at work.
    scan : ``Out(1)``, fires : ``Out(1)``, scanning : ``In(1)``
        Start the neurons of a layer; they write spikes; some are still to come.
    scored : ``In(1)``
        The last score of all neurons visited so far leaves.
    running, save : ``Out(1)``
        An inference runs; a layer ends with this cycle.
    report : ``Out(1)``, reported : ``In(1)``
        Send the counters; their last word leaves.
    fault : ``Out(Fault)``
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "start": In(1), "may_start": In(1), "ready": Out(1),
            "clear": Out(1), "clear_address": Out(range(config.potential_depth)),
            "instruction_read": Out(1),
            "instruction_address": Out(range(config.instruction_depth)),
            "instruction": In(Instruction(config)),
            "tabulate": Out(1), "tabulated": In(1), "integrate": Out(1), "integrating": In(1),
            "scan": Out(1), "fires": Out(1), "scanning": In(1), "scored": In(1),
            "running": Out(1), "save": Out(1), "report": Out(1), "reported": In(1),
            "fault": Out(Fault)})

    def elaborate(self, platform):
        m = Module()
        address = self.instruction_address
        settled = Signal(range(FIRE_LATENCY))
        m.d.comb += self.running.eq(1)

        with m.FSM(init="Sweep"):
            with m.State("Sweep"):
                m.d.comb += [self.clear.eq(1), self.running.eq(0)]
                m.d.sync += self.clear_address.eq(self.clear_address + 1)
                with m.If(self.clear_address == self.config.potential_depth - 1):
                    m.next = "Idle"
            with m.State("Idle"):
                m.d.comb += [self.ready.eq(self.may_start), self.running.eq(0)]
                m.d.sync += address.eq(0)
                with m.If(self.start & self.may_start):
                    m.next = "Fetch"

            with m.State("Fetch"):
                m.d.comb += self.instruction_read.eq(1)
                m.next = "Decode"
            with m.State("Decode"):
                m.d.sync += address.eq(address + 1)
                with m.Switch(self.instruction.opcode):
                    with m.Case(Opcode.INTEGRATE):
                        m.d.comb += self.tabulate.eq(1)
                        m.next = "Tabulate"
                    with m.Case(Opcode.FIRE):
                        m.d.comb += self.scan.eq(1)
                        m.next = "Fire"
                    with m.Case(Opcode.SCORES):
                        m.d.comb += self.scan.eq(1)
                        m.next = "Scores"
                    with m.Default():
                        m.d.sync += self.fault.eq(Fault.OPCODE)
                        m.next = "Failed"
                with m.If((address == self.config.instruction_depth - 1)
                          & (self.instruction.opcode != Opcode.SCORES)):
                    m.d.sync += self.fault.eq(Fault.UNENDING)
                    m.next = "Failed"

            with m.State("Tabulate"):
                with m.If(self.tabulated):
                    m.d.comb += self.integrate.eq(1)
                    m.next = "Integrate"
            with m.State("Integrate"):
                with m.If(~self.integrating):
                    m.next = "Fetch"

            with m.State("Fire"):
                m.d.comb += self.fires.eq(1)
                m.d.sync += settled.eq(0)
                with m.If(~self.scanning):
                    m.d.sync += settled.eq(settled + 1)
                    with m.If(settled == FIRE_LATENCY - 1):
                        m.d.comb += self.save.eq(1)
                        m.next = "Fetch"
            with m.State("Scores"):
                with m.If(self.scored & ~self.scanning):
                    m.d.comb += self.save.eq(1)
                    m.next = "Report" if self.config.counters else "Idle"

            with m.State("Report"):
                m.d.comb += [self.report.eq(1), self.running.eq(0)]
                with m.If(self.reported):
                    m.next = "Idle"
            with m.State("Failed"):
                m.d.comb += self.running.eq(0)
        return m
