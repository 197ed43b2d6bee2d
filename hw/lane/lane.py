"""One lane of the processor."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..instruction import IntegrateInstruction
from ..layout import Channel, Entry, Event, LoadedWord, Neuron, Pointer, Tap, Target
from ..ram import Ram, load_into
from .accumulator import Accumulator
from .earliest_spike import EarliestSpike
from .event_filter import EventFilter
from .log_multiplier import LogMultiplier
from .spike_encoder import SpikeEncoder
from .tap_resolver import TapResolver
from .weight_prefetcher import WeightPrefetcher
from .weight_reader import WeightReader

__all__ = ["FIRE_LATENCY", "Activity", "Lane"]

# Cycles from a neuron's visit to the write of its spike.
FIRE_LATENCY = 4


class Activity(data.Struct):
    """What a lane does in a cycle, for the counters."""

    operation: 1
    queue_write: 1
    pointer_read: 1
    pointer_buffer_read: 1
    pointer_buffer_write: 1
    weight_read: 1
    weight_buffer_read: 1
    weight_buffer_write: 1
    potential_read: 1
    potential_write: 1
    channel_read: 1
    spike_read: 1
    spike_write: 1
    neuron: 1


class Lane(wiring.Component):
    """Owns output channels c ≡ ``index`` modulo L: their weights, potentials and spikes.

    Integration: an event's pointer gives its weights; each weight becomes a product that is added
    to a potential. Throughput one event and one entry per cycle; from an event to its
    first addition six cycles at least, to the write of the sum one more. Back-pressure through
    ``events.ready``: a full queue, or weights that have not been copied yet.

    Firing: one neuron per cycle; its potential with bias shows at ``potential`` two cycles after
    ``neuron_valid``, the spike is written four cycles after it. No back-pressure.

    Reset empties queue and pipelines; memories keep their contents.

    Members
    -------
    index : ``In``
        Number of the lane, constant.
    words : ``In(stream.Signature(LoadedWord(config), always_ready=True))``
        Loads a word, if it is for this lane.
    begin : ``In(1)``, group : ``In(IntegrateInstruction(config))``, taps : ``In``
        Start a synapse group, and what it is until the next one.
    events : ``In(stream.Signature(Event(config)))``
    neuron_valid : ``In(1)``, neuron : ``In(Neuron(config))``
    spike_read : ``In(1)``, spike_address : ``In``, spike : ``Out``
        Reads the spike bank; the code appears in the cycle after and stays.
    clear : ``In(1)``, clear_address : ``In``
        Clears a potential after reset.
    potential : ``Out``, potential_valid : ``Out(1)``
        Potential with bias of the neuron two cycles before.
    time : ``Out``, time_valid : ``Out(1)``
        Spike code that is being written.
    queue_full : ``Out(1)``
        No event can be taken for lack of room.
    busy : ``Out(1)``
        An event is still on its way.
    activity : ``Out(Activity)``
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "index": In(range(config.lanes)),
            "words": In(stream.Signature(LoadedWord(config), always_ready=True)),
            "begin": In(1), "group": In(IntegrateInstruction(config)),
            "taps": In(data.ArrayLayout(Tap(config), config.max_kernel ** 2)),
            "events": In(stream.Signature(Event(config))),
            "neuron_valid": In(1), "neuron": In(Neuron(config)),
            "spike_read": In(1), "spike_address": In(range(config.spike_depth)),
            "spike": Out(config.spike_bits),
            "clear": In(1), "clear_address": In(range(config.potential_depth)),
            "potential": Out(signed(config.numbers.potential_bits)), "potential_valid": Out(1),
            "time": Out(config.spike_bits), "time_valid": Out(1),
            "queue_full": Out(1), "busy": Out(1), "activity": Out(Activity)})

    def elaborate(self, platform):
        m = Module()
        adder = Accumulator(self.config)
        m.submodules.accumulator = adder
        self._integrate(m, adder)
        self._fire(m, adder)
        return m

    def _memory(self, m, name: str, shape) -> Ram:
        m.submodules[name] = ram = Ram(shape, self.config.memories[name].words)
        return ram

    def _loaded_memory(self, m, name: str, target: Target, shape) -> Ram:
        ram = self._memory(m, name, shape)
        load_into(m, ram, self.words, target, lane=self.index)
        return ram

    def _integrate(self, m, adder: Accumulator):
        config = self.config
        m.submodules.filter     = front     = EventFilter(config)
        m.submodules.prefetcher = prefetch  = WeightPrefetcher(config)
        m.submodules.reader     = reader    = WeightReader(config)
        m.submodules.resolver   = resolver  = TapResolver(config)
        m.submodules.multiplier = multiplier = LogMultiplier(config)

        direct       = self.group.direct
        pointers     = self._loaded_memory(m, "pointer", Target.POINTER, Pointer(config))
        weights      = self._loaded_memory(m, "weight", Target.WEIGHT, Entry(config))
        pointer_ring = self._memory(m, "pointer_buffer", Pointer(config))
        weight_ring  = self._memory(m, "weight_buffer", Entry(config))

        wiring.connect(m, wiring.flipped(self.events), front.events)
        wiring.connect(m, front.queue, reader.queue)
        m.d.comb += [
            prefetch.begin.eq(self.begin & ~direct),
            prefetch.first_pointer.eq(self.group.pointer),
            prefetch.channels.eq(self.group.channels),
            prefetch.block_channels.eq(self.group.block_channels),
            prefetch.pointer.eq(pointers.read_data),
            prefetch.pass_block.eq(
                self.events.valid & self.events.ready & self.events.p.marker),
            prefetch.release_block.eq(reader.finishes_block),

            pointers.read.eq(Mux(direct, front.lookup, prefetch.pointer_read)),
            pointers.read_address.eq(
                Mux(direct, self.events.p.pointer, prefetch.pointer_address)),
            pointer_ring.write.eq(prefetch.pointer_write),
            pointer_ring.write_address.eq(prefetch.pointer_index),
            pointer_ring.write_data.eq(pointers.read_data),
            pointer_ring.read.eq(front.lookup & ~direct),
            pointer_ring.read_address.eq(self.events.p.pointer),
            front.may_take.eq(direct | prefetch.has_block),
            front.pointer.eq(Mux(direct, pointers.read_data, pointer_ring.read_data)),

            weights.read.eq(Mux(direct, reader.read, prefetch.weight_read)),
            weights.read_address.eq(Mux(direct, reader.address, prefetch.weight_address)),
            weight_ring.write.eq(prefetch.weight_write),
            weight_ring.write_address.eq(prefetch.weight_index),
            weight_ring.write_data.eq(weights.read_data),
            weight_ring.read.eq(reader.read & ~direct),
            weight_ring.read_address.eq(reader.address),
            reader.entry.eq(Mux(direct, weights.read_data, weight_ring.read_data))]

        m.d.comb += [
            resolver.valid.eq(reader.valid), resolver.synapse.eq(reader.synapse),
            resolver.local_bits.eq(self.group.local_bits), resolver.taps.eq(self.taps),
            multiplier.factors.eq(resolver.factors), adder.addend.eq(multiplier.product),
            adder.add.eq(resolver.add)]
        added = Signal()
        m.d.sync += added.eq(resolver.add)
        m.d.comb += [self.queue_full.eq(front.full),
                     self.busy.eq(front.busy | reader.busy | resolver.add | added)]
        m.d.comb += adder.address.eq(Mux(
            self.neuron_valid, self.neuron.address,
            Mux(self.clear, self.clear_address, resolver.address)))

        m.d.comb += [
            self.activity.operation.eq(resolver.add),
            self.activity.queue_write.eq(front.is_queueing),
            self.activity.pointer_read.eq(pointers.read),
            self.activity.pointer_buffer_read.eq(pointer_ring.read),
            self.activity.pointer_buffer_write.eq(pointer_ring.write),
            self.activity.weight_read.eq(weights.read),
            self.activity.weight_buffer_read.eq(weight_ring.read),
            self.activity.weight_buffer_write.eq(weight_ring.write)]

    def _fire(self, m, adder: Accumulator):
        config = self.config
        m.submodules.encoder = encoder = SpikeEncoder(config)
        m.submodules.pool    = pool    = EarliestSpike(config)
        channels = self._loaded_memory(m, "channel", Target.CHANNEL, Channel(config))
        bank     = self._memory(m, "spike", config.spike_bits)

        # One register stage for each step: read, add the bias, encode (two), pool and write.
        valid   = [Signal(name=f"valid_{stage}") for stage in range(FIRE_LATENCY + 1)]
        neurons = [Signal(Neuron(config), name=f"neuron_{stage}")
                   for stage in range(FIRE_LATENCY + 1)]
        m.d.comb += [
            valid[0].eq(self.neuron_valid & (self.index < self.neuron.lanes)),
            neurons[0].eq(self.neuron)]
        for stage in range(FIRE_LATENCY):
            m.d.sync += [valid[stage + 1].eq(valid[stage]), neurons[stage + 1].eq(neurons[stage])]

        m.d.comb += [
            adder.read.eq(valid[0]), adder.clear.eq(self.clear),
            channels.read.eq(valid[0] & self.neuron.new_channel),
            channels.read_address.eq(self.neuron.channel)]
        channel        = channels.read_data
        threshold_step = Signal.like(channel.threshold_step)
        with m.If(valid[1]):
            m.d.sync += [self.potential.eq(adder.potential + channel.bias),
                         threshold_step.eq(channel.threshold_step)]
        m.d.comb += [
            self.potential_valid.eq(valid[2]),
            encoder.membrane.potential.eq(self.potential),
            encoder.membrane.threshold_step.eq(threshold_step),
            pool.valid.eq(valid[-1]), pool.first.eq(neurons[-1].first), pool.time.eq(encoder.time),
            self.time.eq(pool.earliest), self.time_valid.eq(valid[-1] & neurons[-1].last),
            bank.write.eq(self.time_valid), bank.write_address.eq(neurons[-1].spike),
            bank.write_data.eq(self.time), bank.read.eq(self.spike_read),
            bank.read_address.eq(self.spike_address), self.spike.eq(bank.read_data)]

        m.d.comb += [
            self.activity.potential_read.eq(adder.add | adder.read),
            self.activity.potential_write.eq(adder.is_writing),
            self.activity.channel_read.eq(channels.read),
            self.activity.spike_read.eq(bank.read),
            self.activity.spike_write.eq(bank.write),
            self.activity.neuron.eq(valid[0])]
