"""The spiking processor: lanes, and what they share."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .config import Configuration
from .control.counter_file import CounterFile
from .control.dispatcher import Dispatcher
from .control.loader import Loader
from .control.neuron_scanner import NeuronScanner
from .control.score_reader import READOUT_BITS, ScoreReader
from .control.sequencer import Sequencer
from .control.stall_detector import StallDetector
from .control.tap_table import TapTable
from .instruction import Instruction
from .lane import Lane
from .lane.border import lane_lag
from .layout import Fault, Neuron, Status, Target
from .pipeline import decoupled, delayed, history
from .ram import Ram, load_into

__all__ = ["Processor", "Readout", "Trace"]


class Readout(data.Struct):
    """A word of the readout stream; ``last`` ends an inference."""

    word: READOUT_BITS
    last: 1


class Trace(wiring.Signature):
    """What the lanes compute while a layer fires, in step, for an observer.

    Members
    -------
    potential_valid, potentials
        Potentials with bias, in the order in which neurons are visited.
    time_valid, times
        Spike codes after pooling, in the order in which they are written.
    layer_end
        The last cycle of a layer.
    """

    def __init__(self, config: Configuration):
        super().__init__({
            "potential_valid": Out(1),
            "potentials": Out(data.ArrayLayout(
                signed(config.numbers.potential_bits), config.lanes)),
            "time_valid": Out(1),
            "times": Out(data.ArrayLayout(config.spike_bits, config.lanes)),
            "layer_end": Out(1)})


class Processor(wiring.Component):
    """Runs a spiking network that has been loaded, one image per ``start``.

    Load packets fill the memories while ``status.ready``; then each ``start`` runs the program on
    the image in the pixel memory. Slices of weights that do not fit on chip are loaded while it
    runs: their packets may be offered as soon as the image of their inference has been, and are
    taken when there is room for them. The readout stream carries the scores in order of classes,
    then, if the configuration has counters, the snapshots of all layers in the order of
    :data:`hw.counters.COUNTERS`. Back-pressure there holds up the end of an inference and counts as
    its cycles until the last score. After reset the potentials are swept, for as many cycles as a
    lane has potentials; weights and program survive.

    Parameters
    ----------
    config : :class:`hw.config.Configuration`
    trace : bool
        Whether the component has the ``trace`` port.

    Members
    -------
    load : ``In(stream.Signature(stream_bits))``
        Packets, see :class:`hw.control.loader.Loader`.
    start : ``In(1)``
        Begin an inference; only while ``status.ready``.
    readout : ``Out(stream.Signature(Readout))``
    status : ``Out(Status)``
    trace : ``Out(Trace(config))``
        Only if asked for.
    """

    def __init__(self, config: Configuration, *, trace: bool = False):
        self.config = config
        ports = {
            "load": In(stream.Signature(config.stream_bits)), "start": In(1),
            "readout": Out(stream.Signature(Readout)), "status": Out(Status)}
        super().__init__(ports | ({"trace": Out(Trace(config))} if trace else {}))

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.loader     = loader     = Loader(config)
        m.submodules.sequencer  = sequencer  = Sequencer(config)
        m.submodules.dispatcher = dispatcher = Dispatcher(config)
        m.submodules.taps       = taps       = TapTable(config)
        m.submodules.neurons    = neurons    = NeuronScanner(config)
        m.submodules.scores     = scores     = ScoreReader(config)
        lanes = [Lane(config) for _ in range(config.lanes)]
        for index, lane in enumerate(lanes):
            m.submodules[f"lane_{index}"] = lane

        instruction = self._program(m, loader, sequencer)
        m.d.comb += [
            dispatcher.begin.eq(sequencer.integrate), dispatcher.group.eq(instruction.integrate),
            taps.begin.eq(sequencer.tabulate), taps.group.eq(instruction.integrate),
            neurons.begin.eq(sequencer.scan), neurons.layer.eq(instruction.fire)]
        firing = self._visit_neurons(m, neurons)
        self._connect_lanes(m, lanes, loader, sequencer, dispatcher, taps, firing, instruction)
        is_full, is_working = self._send_events(m, lanes, sequencer, dispatcher)
        m.d.comb += [
            sequencer.tabulated.eq(taps.done), sequencer.scored.eq(scores.finishes),
            sequencer.scanning.eq(neurons.neurons.valid | firing.valid),
            firing.ready.eq(sequencer.fires | scores.ready),
            scores.take.eq(firing.valid & ~sequencer.fires), scores.lanes.eq(firing.p.lanes)]
        m.d.comb += [scores.potential_valid.eq(lanes[0].potential_valid),
                     *(scores.potentials[i].eq(lane.potential) for i, lane in enumerate(lanes))]
        m.d.comb += [
            self.readout.valid.eq(scores.words.valid), self.readout.p.word.eq(scores.words.p),
            scores.words.ready.eq(self.readout.ready)]
        self._guard(m, lanes, loader, sequencer, dispatcher, neurons)
        if config.counters:
            self._count(m, lanes, loader, sequencer, dispatcher, is_full, is_working)
        else:
            m.d.comb += self.readout.p.last.eq(
                scores.last & ~sequencer.scanning & instruction.fire.ends)
        if hasattr(self, "trace"):
            self._trace(m, lanes, sequencer)
        return m

    def _program(self, m, loader, sequencer):
        """Connect load stream, program memory and status; return the current instruction."""
        m.submodules.program = program = Ram(
            Instruction(self.config), self.config.instruction_depth)
        load_into(m, program, loader.valid, loader.word, Target.INSTRUCTION)
        wiring.connect(m, wiring.flipped(self.load), loader.load)
        m.d.comb += [
            loader.enable.eq(sequencer.slice_room & ~sequencer.clear
                             & (sequencer.fault == Fault.NONE) & ~(sequencer.idle & self.start)),
            loader.running.eq(sequencer.running), sequencer.slice_loaded.eq(loader.ends_slice),
            program.read.eq(sequencer.instruction_read),
            program.read_address.eq(sequencer.instruction_address),
            sequencer.instruction.eq(program.read_data), sequencer.start.eq(self.start),
            sequencer.may_start.eq(~loader.busy & (loader.fault == Fault.NONE)),
            self.status.ready.eq(sequencer.ready),
            self.status.fault.eq(Mux(
                loader.fault == Fault.NONE, sequencer.fault.as_value(), loader.fault.as_value()))]
        return sequencer.current

    def _visit_neurons(self, m, neurons):
        """Return the stream of neurons that fire; in a deep pipeline it comes out of registers."""
        if not self.config.deep_pipeline:
            return neurons.neurons
        firing = stream.Signature(Neuron(self.config)).create(path=("firing",))
        decoupled(m, neurons.neurons, firing)
        return firing

    def _send_events(self, m, lanes, sequencer, dispatcher):
        """Let events go to all lanes at once, when all take them.

        Returns whether a queue is full, and whether dispatcher or lanes were at work ``lane_lag``
        cycles ago. In a deep pipeline what lanes say is known as many cycles late. So after a
        marker, which may end what a lane has weights for, nothing is sent until that is known.
        """
        is_deep, lag = self.config.deep_pipeline, lane_lag(self.config)
        events = dispatcher.events
        is_full, is_working, holds = Signal(), Signal(), Signal()
        all_ready = delayed(m, Cat(lane.events.ready for lane in lanes).all(), is_deep)
        m.d.comb += [
            events.ready.eq(all_ready & ~holds),
            is_full.eq(delayed(m, Cat(lane.queue_full for lane in lanes).any(), is_deep))]
        lanes_busy = delayed(m, Cat(lane.busy for lane in lanes).any(), is_deep)
        busy = history(m, dispatcher.busy, lag)
        m.d.comb += [is_working.eq(busy[-1] | lanes_busy),
                     sequencer.integrating.eq(Cat(busy[is_deep:]).any() | lanes_busy)]
        if is_deep:
            with m.If(delayed(m, sequencer.integrate, 1)):   # the dispatcher begins
                m.d.comb += sequencer.integrating.eq(1)
            marks = history(m, events.valid & events.ready & events.p.marker, lag + 1)
            m.d.comb += holds.eq(Cat(marks[1:]).any())
        return is_full, is_working

    def _connect_lanes(self, m, lanes, loader, sequencer, dispatcher, taps, firing, instruction):
        events = dispatcher.events
        for index, lane in enumerate(lanes):
            m.d.comb += [
                lane.index.eq(index),
                lane.loads.eq(loader.lane_valid[index]), lane.word.eq(loader.lane_words[index]),
                lane.begin.eq(sequencer.integrate), lane.group.eq(instruction.integrate),
                lane.taps.eq(taps.taps), lane.entry.eq(taps.entry),
                lane.events.valid.eq(events.valid & events.ready), lane.events.p.eq(events.p),
                lane.neuron_valid.eq(firing.valid & firing.ready), lane.neuron.eq(firing.p),
                lane.layer.eq(instruction.fire),
                lane.spike_read.eq(dispatcher.spike_read[index]),
                lane.spike_address.eq(dispatcher.spike_address),
                dispatcher.spikes[index].eq(lane.spike),
                lane.clear.eq(sequencer.clear), lane.clear_address.eq(sequencer.clear_address)]
        m.d.comb += [dispatcher.loads.eq(loader.valid), dispatcher.word.eq(loader.word)]

    def _guard(self, m, lanes, loader, sequencer, dispatcher, neurons):
        """Stop a program that leaves its memories or comes to a halt."""
        m.submodules.stall = stall = StallDetector()
        is_deep, events = self.config.deep_pipeline, dispatcher.events
        lanes_move = delayed(m, Cat(
            lane.activity.operation | lane.activity.weight_read.any() for lane in lanes).any(),
            is_deep)
        m.d.comb += [
            stall.working.eq(sequencer.integrating),
            stall.moving.eq(
                delayed(m, lanes_move | sequencer.integrate | (events.valid & events.ready)
                        | dispatcher.moves, 1))]
        m.d.sync += sequencer.problem.eq(Fault.NONE)
        neuron_strays = delayed(m, neurons.strays, is_deep)
        with m.If(dispatcher.strays | neuron_strays | Cat(lane.strays for lane in lanes).any()):
            m.d.sync += sequencer.problem.eq(Fault.ADDRESS)
        with m.Elif(stall.stalled | (sequencer.awaits_slice & loader.blocked)):
            m.d.sync += sequencer.problem.eq(Fault.STALL)

    def _count(self, m, lanes, loader, sequencer, dispatcher, is_full, is_working):
        """Connect the counters, and let them follow the scores on the readout stream.

        They see everything as late as what the lanes do.
        """
        lag = lane_lag(self.config)
        m.submodules.counters = counters = CounterFile(self.config)
        events, shared = dispatcher.events, counters.shared
        has_event, was_event = Signal(), Signal()
        m.d.comb += has_event.eq(events.valid & ~events.p.marker)
        m.d.sync += was_event.eq((was_event | has_event) & ~sequencer.integrate)
        seen = Signal.like(shared)
        late, reports = delayed(m, seen, lag), delayed(m, sequencer.report, lag)
        m.d.comb += [
            *(counters.lanes[index].eq(delayed(m, lane.activity, self.config.deep_pipeline))
              for index, lane in enumerate(lanes)),
            seen.event.eq(has_event & events.ready),
            seen.queue_stall.eq(has_event & is_full),
            seen.weight_stall.eq(has_event & ~is_full & ~events.ready),
            seen.integrating.eq(has_event | was_event),
            seen.pixel_read.eq(dispatcher.pixel_read),
            seen.table_read.eq(dispatcher.table_read),
            seen.instruction_read.eq(sequencer.fetches),
            seen.streamed_beats.eq(loader.streamed_beats),
            seen.dram_stall.eq(sequencer.awaits_slice),
            seen.pixel_write.eq(loader.valid & (loader.word.target == Target.PIXEL)),
            shared.eq(late), shared.integrating.eq(late.integrating & is_working),
            counters.running.eq(delayed(m, sequencer.running, lag)),
            counters.save.eq(delayed(m, sequencer.save, lag)),
            counters.report.eq(sequencer.report & reports),
            sequencer.reported.eq(counters.words.valid & counters.words.ready & counters.last)]
        with m.If(counters.words.valid):
            m.d.comb += [
                self.readout.valid.eq(1), self.readout.p.word.eq(counters.words.p),
                self.readout.p.last.eq(counters.last), counters.words.ready.eq(self.readout.ready)]

    def _trace(self, m, lanes, sequencer):
        m.d.comb += [
            self.trace.potential_valid.eq(lanes[0].potential_valid),
            self.trace.time_valid.eq(lanes[0].time_valid),
            self.trace.layer_end.eq(sequencer.save)]
        for index, lane in enumerate(lanes):
            m.d.comb += [self.trace.potentials[index].eq(lane.potential),
                         self.trace.times[index].eq(lane.time)]
