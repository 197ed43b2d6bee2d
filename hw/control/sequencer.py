"""Runs a program: fetches instructions and starts the blocks that carry them out."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import LIVE_SLICES, Configuration
from ..instruction import Instruction, Opcode
from ..lane.lane import fire_latency
from ..layout import Fault

__all__ = ["Sequencer"]


class Sequencer(wiring.Component):
    """Sweeps the potentials after reset, then runs the program once for each ``start``.

    An instruction takes two cycles to fetch and decode; it is read while the one before runs. A
    synapse group works out its taps, waits for its weights if they are streamed, then runs until
    dispatcher and lanes are done; neurons fire, then settle. After the last scores the counters are
    reported, if there are any. A bad program ends in ``fault``, until reset, as does a ``fault``
    that others find while it runs.

    Members
    -------
    start : ``In(1)``
        Run the program; only while ``ready``.
    may_start : ``In(1)``, idle, ready : ``Out(1)``
        Nothing is being loaded; nothing is running; neither.
    clear : ``Out(1)``, clear_address : ``Out``
    instruction_read : ``Out(1)``, instruction_address : ``Out``, instruction : ``In``
    fetches : ``Out(1)``, current : ``Out(Instruction(config))``
        The next instruction becomes the current one, which is a register.
    tabulate : ``Out(1)``, tabulated : ``In(1)``
        Start the tap table; it is done.
    slice_loaded : ``In(1)``, slice_room : ``Out(1)``, awaits_slice : ``Out(1)``
        A slice of streamed weights is complete; another may begin; the program waits for one.
    integrate : ``Out(1)``, integrating : ``In(1)``
        Start a synapse group; dispatcher or a lane is at work.
    scan : ``Out(1)``, fires : ``Out(1)``, scanning : ``In(1)``
        Start the neurons of a layer; they fire; some are still to come.
    scored : ``In(1)``
        The last score of all neurons visited so far leaves.
    running, save : ``Out(1)``
        An inference runs; a layer ends with this cycle.
    report : ``Out(1)``, reported : ``In(1)``
        Send the counters; their last word leaves.
    problem : ``In(Fault)``, fault : ``Out(Fault)``
        What went wrong in this cycle; why the sequencer has stopped.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "start": In(1), "may_start": In(1), "idle": Out(1), "ready": Out(1),
            "clear": Out(1), "clear_address": Out(range(config.potential_depth)),
            "instruction_read": Out(1),
            "instruction_address": Out(range(config.instruction_depth)),
            "instruction": In(Instruction(config)), "fetches": Out(1),
            "current": Out(Instruction(config)),
            "tabulate": Out(1), "tabulated": In(1), "slice_loaded": In(1), "slice_room": Out(1),
            "awaits_slice": Out(1), "integrate": Out(1), "integrating": In(1),
            "scan": Out(1), "fires": Out(1), "scanning": In(1), "scored": In(1),
            "running": Out(1), "save": Out(1), "report": Out(1), "reported": In(1),
            "problem": In(Fault), "fault": Out(Fault)})

    def elaborate(self, platform):
        m = Module()
        address, reads_ahead = Signal.like(self.instruction_address), Signal()
        latency = fire_latency(self.config)
        settled = Signal(range(latency))
        group, layer = self.current.integrate, self.current.fire
        slices, slice_done = Signal(range(LIVE_SLICES + 1)), Signal()
        m.d.sync += [slices.eq(slices + self.slice_loaded - slice_done), reads_ahead.eq(0)]
        m.d.comb += [
            self.running.eq(1), self.slice_room.eq(slices != LIVE_SLICES),
            self.instruction_read.eq(reads_ahead), self.instruction_address.eq(address)]

        def stop_on_problem():
            with m.If(self.problem != Fault.NONE):
                m.d.sync += self.fault.eq(self.problem)
                m.next = "Failed"

        with m.FSM(init="Sweep"):
            with m.State("Sweep"):
                m.d.comb += [self.clear.eq(1), self.running.eq(0)]
                m.d.sync += self.clear_address.eq(self.clear_address + 1)
                with m.If(self.clear_address == self.config.potential_depth - 1):
                    m.next = "Idle"
            with m.State("Idle"):
                m.d.comb += [self.idle.eq(1), self.ready.eq(self.may_start), self.running.eq(0),
                             self.instruction_address.eq(0)]
                m.d.sync += address.eq(0)
                with m.If(self.start & self.may_start):
                    m.d.comb += self.instruction_read.eq(1)
                    m.next = "Fetch"

            with m.State("Fetch"):
                m.d.comb += self.fetches.eq(1)
                m.d.sync += self.current.eq(self.instruction)
                m.next = "Decode"
            with m.State("Decode"):
                found = Signal(Fault)
                m.d.sync += address.eq(address + 1)
                ends = (self.current.opcode == Opcode.SCORES) & layer.ends
                with m.If(self._is_impossible()):
                    m.d.comb += found.eq(Fault.OPERAND)
                with m.Elif((address == self.config.instruction_depth - 1) & ~ends):
                    m.d.comb += found.eq(Fault.UNENDING)
                with m.Switch(self.current.opcode):
                    with m.Case(Opcode.INTEGRATE):
                        m.next = "Tabulate"
                    with m.Case(Opcode.FIRE):
                        m.next = "Fire"
                    with m.Case(Opcode.SCORES):
                        m.next = "Scores"
                    with m.Default():
                        m.d.comb += found.eq(Fault.OPCODE)
                with m.If(found != Fault.NONE):
                    m.d.sync += self.fault.eq(found)
                    m.next = "Failed"
                with m.Else():
                    is_group = self.current.opcode == Opcode.INTEGRATE
                    m.d.sync += reads_ahead.eq(~ends)
                    m.d.comb += [self.tabulate.eq(is_group), self.scan.eq(~is_group)]

            with m.State("Tabulate"):
                with m.If(self.tabulated):
                    with m.If(group.streamed & (slices == 0)):
                        m.d.comb += self.awaits_slice.eq(1)
                    with m.Else():
                        m.d.comb += self.integrate.eq(1)
                        m.next = "Integrate"
                stop_on_problem()
            with m.State("Integrate"):
                with m.If(~self.integrating):
                    m.d.comb += slice_done.eq(group.streamed)
                    m.next = "Fetch"
                stop_on_problem()

            with m.State("Fire"):
                m.d.comb += self.fires.eq(1)
                m.d.sync += settled.eq(0)
                with m.If(~self.scanning):
                    m.d.sync += settled.eq(settled + 1)
                    with m.If(settled == latency - 1):
                        m.d.comb += self.save.eq(layer.ends)
                        m.next = "Fetch"
                stop_on_problem()
            with m.State("Scores"):
                with m.If(self.scored & ~self.scanning):
                    m.d.comb += self.save.eq(layer.ends)
                    m.next = "Fetch"
                    with m.If(layer.ends):
                        m.next = "Report" if self.config.counters else "Idle"
                stop_on_problem()

            with m.State("Report"):
                m.d.comb += [self.report.eq(1), self.running.eq(0)]
                with m.If(self.reported):
                    m.next = "Idle"
            with m.State("Failed"):
                m.d.comb += self.running.eq(0)

        return m

    def _is_impossible(self):
        """Return whether a size is zero or beyond what there is, so that a walk might not end."""
        group, layer = self.current.integrate, self.current.fire
        sizes = [group.lanes, group.height, group.width, group.channels, group.block_channels,
                 group.kernel, group.out_height, group.out_width]
        is_group = self.current.opcode == Opcode.INTEGRATE
        return Mux(
            is_group,
            Cat(size == 0 for size in sizes).any() | (group.kernel > self.config.max_kernel)
            | (group.block_channels > self.config.lanes)
            | ((group.block_channels & (group.block_channels - 1)) != 0),
            Cat(size == 0 for size in (
                layer.height, layer.width, layer.channels, layer.pool)).any())
