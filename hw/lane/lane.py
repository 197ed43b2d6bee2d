"""One lane of the processor."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..instruction import FireInstruction, IntegrateInstruction
from ..layout import (
    LANE_TARGETS,
    Channel,
    Entry,
    EntryRow,
    Event,
    LoadedWord,
    Neuron,
    Pointer,
    TapDistances,
    TapEntry,
    Target,
)
from ..pipeline import delayed
from ..ram import Ram, load_into
from ..technology import LANE_MODULE, instance_of
from .accumulator import Accumulator
from .border import arriving, leaving
from .earliest_spike import EarliestSpike
from .event_filter import EventFilter
from .leak import Leak
from .log_multiplier import LogMultiplier
from .row_decoder import RowDecoder
from .spike_encoder import SpikeEncoder
from .tap_resolver import TapResolver
from .weight_prefetcher import WeightPrefetcher
from .weight_reader import WeightReader

__all__ = ["Activity", "Lane", "fire_latency"]


def fire_latency(config: Configuration) -> int:
    """Cycles from a neuron's visit to the write of its spike, as seen from outside of the lane."""
    return 10 if config.deep_pipeline else 4


class Activity(data.StructLayout):
    """What a lane does in a cycle, for the counters."""

    def __init__(self, config: Configuration):
        entries = range(config.row_entries + 1)
        super().__init__({
            "operation": 1, "queue_write": 1, "pointer_read": 1, "pointer_buffer_read": 1,
            "pointer_buffer_write": 1, "weight_read": entries, "weight_buffer_read": entries,
            "weight_buffer_write": entries, "potential_read": 1, "potential_write": 1,
            "channel_read": 1, "spike_read": 1, "spike_write": 1, "neuron": 1})


class Lane(wiring.Component):
    """Owns the channels at places p ≡ ``index`` modulo L: their weights, potentials and spikes.

    Integration, in lanes that own a channel of the layer: an event's pointer gives its weights;
    each weight becomes a product that is added to a potential. Throughput one event, one row of
    entries and one addition per cycle; from an event to its first addition seven cycles at least,
    to the write of the sum one more; in a deep pipeline fifteen, and two more. Back-pressure
    through ``events.ready``: a full queue, or weights that have not been copied yet.

    Firing: one neuron per cycle; its potential with bias shows at ``potential`` two cycles after
    ``neuron_valid``; the spike, and what it keeps of the potential, are written four cycles after
    it; in a deep pipeline six and ten. No back-pressure.

    A deep pipeline has registers at the border: the lane sees its inputs a cycle later, and shows
    what it does a cycle after it. It takes every event (:class:`EventFilter`); groups and layers
    must be there two cycles before they begin.

    Reset empties queue and pipelines; memories keep their contents.

    Members
    -------
    index : ``In``
        Number of the lane, constant.
    loads : ``In(1)``, word : ``In(LoadedWord(config, LANE_TARGETS))``
        A word for one of its memories.
    begin : ``In(1)``, group : ``In(IntegrateInstruction(config))``, taps, entry : ``In``
        Start a synapse group, and what it is until the next one (:class:`TapResolver`).
    events : ``In(stream.Signature(Event(config)))``
    neuron_valid : ``In(1)``, neuron : ``In(Neuron(config))``, layer : ``In``
        A neuron fires, or is read out; the instruction that says how.
    spike_read : ``In(1)``, spike_address : ``In``, spike : ``Out``
        Reads the spike bank; the code appears in the cycle after and stays.
    clear : ``In(1)``, clear_address : ``In``
        Clears a potential after reset.
    potential : ``Out``, potential_valid : ``Out(1)``
        Potential with bias of the neuron two (six) cycles before.
    time : ``Out``, time_valid : ``Out(1)``
        Spike code that is being written.
    queue_full : ``Out(1)``
        No event can be taken for lack of room.
    busy : ``Out(1)``
        An event is still on its way.
    strays : ``Out(1)``
        A pointer leads beyond the end of the weight memory.
    activity : ``Out(Activity(config))``
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "index": In(range(config.lanes)),
            "loads": In(1), "word": In(LoadedWord(config, LANE_TARGETS)),
            "begin": In(1), "group": In(IntegrateInstruction(config)),
            "taps": In(TapDistances(config)), "entry": In(TapEntry(config)),
            "events": In(stream.Signature(Event(config))),
            "neuron_valid": In(1), "neuron": In(Neuron(config)),
            "layer": In(FireInstruction(config)),
            "spike_read": In(1), "spike_address": In(range(config.spike_depth)),
            "spike": Out(config.spike_bits),
            "clear": In(1), "clear_address": In(range(config.potential_depth)),
            "potential": Out(signed(config.numbers.potential_bits)), "potential_valid": Out(1),
            "time": Out(config.spike_bits), "time_valid": Out(1),
            "queue_full": Out(1), "busy": Out(1), "strays": Out(1),
            "activity": Out(Activity(config))})

    def elaborate(self, platform):
        if getattr(platform, "shares_lanes", False):
            return instance_of(self, LANE_MODULE)
        m = Module()
        adder, activity = Accumulator(self.config), Signal(Activity(self.config))
        m.submodules.accumulator = adder
        self._load(m)
        self._integrate(m, adder, activity)
        self._fire(m, adder, activity)
        m.d.comb += [
            activity.potential_read.eq(adder.add | adder.read),
            activity.potential_write.eq(adder.is_writing),
            self.activity.eq(leaving(m, self.config, activity))]
        return m

    def _load(self, m):
        """Make the memories of weights, pointers and channels, and let them take their words."""
        loads = arriving(m, self.config, self.loads, resets=True)
        word  = arriving(m, self.config, self.word)
        self.weights  = self._row_memory(m, "weight")
        self.pointers = self._memory(m, "pointer", Pointer(self.config))
        self.channels = self._memory(m, "channel", Channel(self.config))
        row = data.View(EntryRow(self.config), word.data[:EntryRow(self.config).size])
        for index, weight in enumerate(self.weights):
            load_into(m, weight, loads, word, Target.WEIGHT, row[index].as_value())
        load_into(m, self.pointers, loads, word, Target.POINTER)
        load_into(m, self.channels, loads, word, Target.CHANNEL)

    def _memory(self, m, name: str, shape) -> Ram:
        m.submodules[name] = ram = Ram(shape, self.config.memories[name].words)
        return ram

    def _row_memory(self, m, name: str) -> list[Ram]:
        """Return one memory for each entry of a row."""
        rams = [Ram(Entry(self.config), self.config.memories[name].words)
                for _ in range(self.config.row_entries)]
        for index, ram in enumerate(rams):
            m.submodules[f"{name}_{index}"] = ram
        return rams

    def _integrate(self, m, adder: Accumulator, activity):
        config = self.config
        m.submodules.filter     = front     = EventFilter(config)
        m.submodules.prefetcher = prefetch  = WeightPrefetcher(config)
        m.submodules.reader     = reader    = WeightReader(config)
        m.submodules.decoder    = decoder   = RowDecoder(config)
        m.submodules.resolver   = resolver  = TapResolver(config)
        m.submodules.multiplier = multiplier = LogMultiplier(config)

        pointers, weights = self.pointers, self.weights
        pointer_ring = self._memory(m, "pointer_buffer", Pointer(config))
        weight_ring  = self._row_memory(m, "weight_buffer")

        begin = arriving(m, config, self.begin, resets=True)
        event_valid, event = (arriving(m, config, self.events.valid, resets=True),
                              arriving(m, config, self.events.p))
        lanes, direct, first_pointer, channels, block_channels, local_bits = (
            arriving(m, config, self.group[name]) for name in (
                "lanes", "direct", "pointer", "channels", "block_channels", "local_bits"))
        listens = Signal()
        m.d.comb += [
            listens.eq(delayed(m, self.index < lanes, config.deep_pipeline)),
            front.events.valid.eq(event_valid & listens), front.events.p.eq(event),
            self.events.ready.eq(leaving(m, config, front.events.ready | ~listens))]
        wiring.connect(m, front.queue, reader.queue)
        m.d.comb += [
            prefetch.begin.eq(begin & ~direct & listens),
            prefetch.first_pointer.eq(first_pointer), prefetch.channels.eq(channels),
            prefetch.block_channels.eq(block_channels), prefetch.pointer.eq(pointers.read_data),
            prefetch.pass_block.eq(front.takes & event.marker),
            prefetch.release_block.eq(delayed(m, reader.finishes_block, config.deep_pipeline)),

            pointers.read.eq(Mux(direct, front.lookup, prefetch.pointer_read)),
            pointers.read_address.eq(
                Mux(direct, front.lookup_address, prefetch.pointer_address)),
            pointer_ring.write.eq(prefetch.pointer_write),
            pointer_ring.write_address.eq(prefetch.pointer_index),
            pointer_ring.write_data.eq(pointers.read_data),
            pointer_ring.read.eq(front.lookup & ~direct),
            pointer_ring.read_address.eq(front.lookup_address),
            front.may_take.eq(direct | prefetch.has_block),
            front.pointer.eq(Mux(direct, pointers.read_data, pointer_ring.read_data))]
        for index, (weight, buffered) in enumerate(zip(weights, weight_ring, strict=True)):
            m.d.comb += [
                weight.read.eq(Mux(direct, reader.read[index], prefetch.weight_read)),
                weight.read_address.eq(Mux(direct, reader.address, prefetch.weight_address)),
                buffered.write.eq(prefetch.weight_write),
                buffered.write_address.eq(prefetch.weight_index),
                buffered.write_data.eq(weight.read_data),
                buffered.read.eq(reader.read[index] & ~direct),
                buffered.read_address.eq(reader.address),
                decoder.row[index].eq(Mux(direct, weight.read_data, buffered.read_data))]

        m.d.comb += [
            decoder.arrives.eq(reader.arrives), decoder.context.eq(reader.context),
            reader.may_read.eq(decoder.may_read), decoder.local_bits.eq(local_bits),
            resolver.valid.eq(decoder.valid), resolver.synapse.eq(decoder.synapse),
            resolver.local_bits.eq(local_bits), resolver.taps.eq(self.taps),
            resolver.entry.eq(arriving(m, config, self.entry)),
            multiplier.factors.eq(resolver.factors), adder.addend.eq(multiplier.product),
            adder.add.eq(resolver.add), adder.address.eq(resolver.address)]
        added   = delayed(m, resolver.add, 1)
        written = delayed(m, added, config.deep_pipeline)
        m.d.comb += [
            self.queue_full.eq(leaving(m, config, front.full)),
            self.strays.eq(leaving(m, config, reader.strays | prefetch.strays)),
            self.busy.eq(leaving(m, config, front.busy | reader.busy | decoder.busy | resolver.busy
                                 | added | written))]

        m.d.comb += [
            activity.operation.eq(resolver.add), activity.queue_write.eq(front.is_queueing),
            activity.pointer_read.eq(pointers.read),
            activity.pointer_buffer_read.eq(pointer_ring.read),
            activity.pointer_buffer_write.eq(pointer_ring.write),
            activity.weight_read.eq(sum(weight.read for weight in weights)),
            activity.weight_buffer_read.eq(sum(ring.read for ring in weight_ring)),
            activity.weight_buffer_write.eq(sum(ring.write for ring in weight_ring))]

    def _fire(self, m, adder: Accumulator, activity):
        config = self.config
        m.submodules.encoder = encoder = SpikeEncoder(config)
        m.submodules.pool    = pool    = EarliestSpike(config)
        neuron_valid = arriving(m, config, self.neuron_valid, resets=True)
        neuron       = arriving(m, config, self.neuron)
        time = encoder.time
        if config.leaky:
            m.submodules.leak = leak = Leak(config)
            leaky, keeps, threshold, remains = (
                arriving(m, config, self.layer[name])
                for name in ("leaky", "keeps", "threshold", "leak"))
            time = Mux(leaky, Mux(leak.spikes, 0, config.numbers.silence), time)
        channels = self.channels
        bank     = self._memory(m, "spike", config.spike_bits)

        # One register stage for each step: read, add the bias, encode (two), pool and write. A deep
        # pipeline has one more before and behind the memories, and two more to encode.
        is_own = neuron_valid & (self.index < neuron.lanes)
        neuron_valid, neuron, is_own = (delayed(m, value, config.deep_pipeline)
                                        for value in (neuron_valid, neuron, is_own))
        valid, neurons = [is_own], [neuron]
        read_stage, last_stage = (2, 7) if config.deep_pipeline else (1, 4)
        for _ in range(last_stage):
            valid.append(delayed(m, valid[-1], 1))
            neurons.append(delayed(m, neurons[-1], 1))

        clears, clear_address = (arriving(m, config, self.clear, resets=True),
                                 arriving(m, config, self.clear_address))
        with m.If(neuron_valid):
            m.d.comb += adder.address.eq(neuron.address)
        with m.Elif(clears):
            m.d.comb += adder.address.eq(clear_address)
        m.d.comb += [
            adder.read.eq(valid[0]), adder.clear.eq(clears),
            channels.read.eq(valid[0] & neuron.new_channel),
            channels.read_address.eq(neuron.channel)]
        channel        = delayed(m, channels.read_data, config.deep_pipeline)
        potential      = Signal.like(self.potential)
        threshold_step = Signal.like(channel.threshold_step)
        with m.If(valid[read_stage]):
            m.d.sync += [potential.eq(adder.potential + channel.bias),
                         threshold_step.eq(channel.threshold_step)]
        spikes = Signal()
        m.d.comb += [
            self.potential.eq(leaving(m, config, potential)),
            self.potential_valid.eq(leaving(m, config, valid[read_stage + 1])),
            encoder.membrane.potential.eq(potential),
            encoder.membrane.threshold_step.eq(threshold_step),
            pool.valid.eq(valid[-1]), pool.first.eq(neurons[-1].first), pool.time.eq(time),
            spikes.eq(valid[-1] & neurons[-1].last), bank.write.eq(spikes),
            bank.write_address.eq(neurons[-1].spike), bank.write_data.eq(pool.earliest),
            self.time.eq(leaving(m, config, pool.earliest)),
            self.time_valid.eq(leaving(m, config, spikes)),
            bank.read.eq(arriving(m, config, self.spike_read, resets=True)),
            bank.read_address.eq(arriving(m, config, self.spike_address)),
            self.spike.eq(leaving(m, config, bank.read_data))]

        if config.leaky:
            m.d.comb += [
                leak.potential.eq(potential), leak.threshold.eq(threshold),
                leak.leak.eq(remains), adder.keeps.eq(keeps),
                adder.store.eq(valid[-1] & keeps),
                adder.store_address.eq(neurons[-1].address), adder.store_data.eq(leak.kept)]

        m.d.comb += [
            activity.channel_read.eq(channels.read), activity.spike_read.eq(bank.read),
            activity.spike_write.eq(bank.write), activity.neuron.eq(valid[0])]
