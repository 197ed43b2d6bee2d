"""Every count of an inference, worked out from the golden trace and the compiled program."""

from math import prod

import numpy as np

from hw.compiler import GroupPlan, LayerPlan, Program
from hw.counters import COUNTERS
from hw.layout import Target
from hw.network import INPUT
from tests.cosim.cycle_model import Event, Visit, integrate

__all__ = ["expected_counts"]

FETCH_CYCLES = 2
FIRE_LATENCY = 4


def expected_counts(program: Program, image: np.ndarray,
                    times: dict[str, np.ndarray]) -> np.ndarray:
    """Return the counts [layers, counters] of one image.

    ``times`` has the spike map [C, H, W] of each layer that fires, after pooling.
    """
    rows = []
    for layer in program.layers:
        counts = dict.fromkeys(COUNTERS, 0)
        for group in layer.groups:
            source = image if group.source == INPUT else times[group.source]
            _count_group(program, group, source, counts)
        _count_neurons(program, layer, counts)
        rows.append(list(counts.values()))
    rows = np.array(rows)
    rows[0, list(COUNTERS).index("input_bits")] = 8 * image.size
    return rows


class _Weights:
    """The stored entries of each (lane, pointer) of a program."""

    def __init__(self, program: Program):
        config = program.config
        self.code_bits, self.contents = config.numbers.weight_bits, program.contents
        self.address_bits = config.weight_depth.bit_length()

    def entries(self, lane: int, pointer: int) -> list[tuple[int, bool]]:
        """Return (position, holds a weight) of each entry, in order."""
        word = int(self.contents[Target.POINTER][lane][pointer])
        mask = (1 << self.address_bits) - 1
        start, count = word & mask, word >> self.address_bits & mask
        position, found = -1, []
        for entry in self.contents[Target.WEIGHT][lane][start:start + count]:
            position += (int(entry) >> self.code_bits) + 1
            magnitude = int(entry) & ((1 << (self.code_bits - 1)) - 1)
            found.append((position, magnitude != 0))
        return found


def _spike_lists(program: Program, group: GroupPlan, source: np.ndarray):
    """Yield for each block its visits: (place, pointers of the events there) in walking order."""
    fields = group.fields
    source = source.reshape(fields["channels"], fields["height"] * fields["width"])
    silence, exponents = program.network.numbers.silence, program.network.exponents
    pointer = fields["pointer"]
    for first in range(0, fields["channels"], fields["block_channels"]):
        block = range(first, min(first + fields["block_channels"], fields["channels"]))
        visits = []
        for place in range(source.shape[1]):
            if fields["from_input"]:
                visits += [(place, [pointer + c] * int((exponents[source[c, place]] != 255).sum()))
                           for c in block]
            elif fields["linear"]:
                visits.append((place, [pointer + slot for slot, c in enumerate(block)
                                       if source[c, place] != silence]))
                pointer += len(block)
            else:
                visits.append((place, [pointer + c for c in block if source[c, place] != silence]))
        yield block, visits


def _count_group(program: Program, group: GroupPlan, source: np.ndarray, counts: dict) -> None:
    fields, config, weights = group.fields, program.config, _Weights(program)
    lanes, width = range(config.lanes), fields["width"]
    stored = {}

    def met(lane: int, pointer: int, place: int):
        """Return what an event's entries are in a lane: (holds a weight, falls inside)."""
        if (lane, pointer) not in stored:
            stored[lane, pointer] = weights.entries(lane, pointer)
        found = []
        for position, is_weight in stored[lane, pointer]:
            ky, kx = divmod(position >> fields["local_bits"], fields["kernel"])
            y, x = place // width + fields["padding"] - ky, place % width + fields["padding"] - kx
            inside = fields["linear"] or (
                0 <= y < fields["out_height"] and 0 <= x < fields["out_width"])
            found.append((is_weight, bool(inside)))
        return tuple(found) if (True, True) in found else None

    all_visits, blocks = [], [[] for _ in lanes]
    for block, visits in _spike_lists(program, group, source):
        for place, pointers in visits:
            events = [Event(tuple(met(lane, pointer, place) for lane in lanes))
                      for pointer in pointers]
            all_visits.append(events)
            counts["events"] += len(events)
            reads = [entries for event in events for entries in event.entries if entries]
            counts["queue_writes"] += len(reads)
            met_entries = sum(len(entries) for entries in reads)
            operations = sum(entry == (True, True) for entries in reads for entry in entries)
            counts["synaptic_operations"] += operations
            direct = fields["direct"]
            counts["weight_reads" if direct else "weight_buffer_reads"] += met_entries
            counts["pointer_reads" if direct else "pointer_buffer_reads"] += (
                len(events) * config.lanes)
        if not fields["direct"]:
            all_visits[-1] = [*all_visits[-1], Event(None)]
            for lane in lanes:
                copied = sum(len(weights.entries(lane, fields["pointer"] + c)) for c in block)
                blocks[lane].append((len(block), copied))
                counts["pointer_reads"] += len(block)
                counts["pointer_buffer_writes"] += len(block)
                counts["weight_reads"] += copied
                counts["weight_buffer_writes"] += copied
    places = fields["height"] * fields["width"] * fields["channels"]
    if fields["from_input"]:
        counts["pixel_reads"] += places
        counts["input_table_reads"] += places
    else:
        counts["spike_reads"] += places

    cycles = integrate(
        [Visit(tuple(events)) for events in all_visits],
        [None if fields["direct"] else own for own in blocks],
        queue_depth=config.queue_depth, buffer_depth=config.weight_buffer_depth)
    counts["queue_stall_cycles"] += cycles.queue_stall
    counts["weight_stall_cycles"] += cycles.weight_stall
    counts["integration_cycles"] += cycles.integration
    counts["lane_idle_cycles"] += cycles.idle
    counts["cycles"] += FETCH_CYCLES + fields["kernel"] ** 2 + cycles.total
    counts["instruction_reads"] += 1


def _count_neurons(program: Program, layer: LayerPlan, counts: dict) -> None:
    config, is_output = program.config, layer is program.layers[-1]
    neurons, channels = layer.neurons.size, layer.neurons.channels
    spikes = program.network.spike_shapes[layer.name]
    counts["instruction_reads"] += 1
    counts["neuron_updates"] += neurons
    counts["bias_reads"] += channels
    counts["spike_writes"] += 0 if is_output else prod(spikes)
    for name in ("potential_reads", "potential_writes"):
        counts[name] += counts["synaptic_operations"] + neurons
    counts["weight_read_bits"] += counts["weight_reads"] * config.entry_bits
    if is_output:
        counts["cycles"] += FETCH_CYCLES + channels + 3 * layer.local_channels
    else:
        steps = layer.local_channels * layer.neurons.height * layer.neurons.width
        counts["cycles"] += FETCH_CYCLES + steps + FIRE_LATENCY
