"""Cycles of the lane array for several designs of it, on VGG-16 with random weights.

    python -m docs.dataflow_study [--quick]

Knows times, no values: for each event and lane it works out when the lane begins and ends with it.
All designs with the same order of events are stepped together, over all lanes at once. The results
are discussed in docs/dataflow.md.
"""

import argparse
from dataclasses import dataclass, replace

import numpy as np

from algo.golden import infer
from hw.compiler.balance import channel_order
from hw.network import INPUT, Layer, Network, Synapses
from tests.full_size.floor import layer_floors, multiplicity
from tests.full_size.images import smooth_images
from tests.full_size.networks import vgg16

LANES = 64
IMAGE_SEED = 5
DIRECT_POSITIONS = 4
# From the dispatcher to the first read of a weight; from the last addition to the next instruction.
LATENCY, DRAIN, FETCH, FIRE = 3, 7, 2, 6
NEVER = -(1 << 28)


@dataclass(frozen=True)
class Design:
    """One lane array.

    Parameters
    ----------
    block
        Input channels of a block; rows of a position are still read 64 channels at a time.
    queue
        Events that wait in front of a lane.
    width
        Entries of a weight row. 1: every entry of an event takes a cycle. More: a row is read per
        cycle, its useful entries wait in a queue of two rows, one is executed per cycle.
    skip_bits
        Width of the run of zeros before an entry.
    needed
        Whether the dispatcher waits for full lanes only if they need the event.
    balanced
        Whether the compiler orders the output channels.
    """

    block: int = 64
    queue: int = 8
    width: int = 1
    skip_bits: int = 5
    needed: bool = False
    balanced: bool = False

    def __str__(self):
        return (f"B{self.block:<4} Q{self.queue:<3} W{self.width} skip {self.skip_bits} "
                f"{'needed' if self.needed else 'any   '}{' ordered' if self.balanced else ''}")


@dataclass(frozen=True, eq=False)
class Entries:
    """Stored entries of a group: of input (channel or neuron), lane, index among its own, and tap.

    ``count`` is int [inputs, lanes]; ``is_weight`` is false where an entry only bridges zeros.
    """

    source: np.ndarray
    lane: np.ndarray
    index: np.ndarray
    tap: np.ndarray
    is_weight: np.ndarray
    count: np.ndarray


def entries_of(weight: np.ndarray, skip_bits: int) -> Entries:
    """Return the entries for weights [out, in, taps], as the compiler stores them."""
    outputs, inputs, taps = weight.shape
    local_bits = (-(-outputs // LANES) - 1).bit_length()
    slots = np.zeros((inputs, LANES, taps, 1 << local_bits), bool)
    for channel in range(outputs):
        slots[:, channel % LANES, :, channel // LANES] = weight[channel] != 0
    source, lane, place = np.nonzero(slots.reshape(inputs, LANES, -1))
    group = source * LANES + lane
    is_first = np.diff(group, prepend=-1) != 0
    before = np.where(is_first, -1, np.concatenate([[-1], place[:-1]]))
    entries = ((place - before - 1) >> skip_bits) + 1
    last = np.cumsum(entries) - 1
    is_weight = np.zeros(entries.sum(), bool)
    is_weight[last] = True
    group = np.repeat(group, entries)
    count = np.bincount(group, minlength=inputs * LANES)
    index = np.arange(len(group)) - (np.cumsum(count) - count)[group]
    return Entries(group // LANES, group % LANES, index, np.repeat(place >> local_bits, entries),
                   is_weight, count.reshape(inputs, LANES))


def transitions(entries: Entries, patterns: np.ndarray, width: int) -> np.ndarray:
    """Return what an event does to a lane, int32 [patterns, inputs, 3, 4, lanes].

    A lane is three times: last row read, last addition of the newest row in the queue, and of the
    one before. An event gives them as the largest of (time + constant) over these three and its own
    arrival; where the lane drops it, as they were. ``patterns`` bool [patterns, taps].
    """
    inputs, lanes = entries.count.shape
    shape = len(patterns), inputs, lanes
    useful = patterns[:, entries.tap] & entries.is_weight           # (patterns, entries)
    rows = -(-entries.count // width)
    most = max(1, int(rows.max(initial=0)))
    place = (entries.source * lanes + entries.lane) * most + entries.index // width
    survive = np.stack([np.bincount(place[one], minlength=inputs * lanes * most)
                        for one in useful]).reshape(*shape, most)
    read, newest, second = (np.full((*shape, 4), NEVER, np.int32) for _ in range(3))
    read[..., 0] = newest[..., 1] = second[..., 2] = 0
    drops = survive.sum(axis=3) == 0
    if width == 1:
        busy = np.where(drops, 0, entries.count)
        read[..., 0] = busy
        read[..., 3] = np.where(drops, NEVER, busy - 1)
    for row in range(most if width > 1 else 0):
        count = survive[..., row, None]
        reads, fills = (~drops & (row < rows))[..., None], ~drops[..., None] & (count > 0)
        later = read + 1
        if row == 0:
            later[..., 3] = np.maximum(later[..., 3], 0)
        later = np.where(fills, np.maximum(later, second), later)
        end = np.maximum(newest, later + 1) + count
        read = np.where(reads, later, read).astype(np.int32)
        second = np.where(fills, newest, second).astype(np.int32)
        newest = np.where(fills, end, newest).astype(np.int32)
    return np.stack([read, newest, second], axis=2).transpose(0, 1, 2, 4, 3), ~drops


@dataclass(frozen=True, eq=False)
class Walk:
    """The events of a group in order: input, pattern, idle cycles before, block."""

    source: np.ndarray
    pattern: np.ndarray
    gap: np.ndarray
    block: np.ndarray
    blocks: list
    patterns: np.ndarray
    tail: int


def walk(network: Network, layer: Layer, group: Synapses, maps: np.ndarray, block: int) -> Walk:
    """Return the walk over the event counts ``maps`` [C, H, W] of a source."""
    channels, height, width = maps.shape
    neurons = network.neuron_shapes[layer.name]
    flat = maps.reshape(channels, -1)
    if group.kind == "linear":
        patterns, of_place = np.ones((1, 1), bool), np.zeros(height * width, int)
    else:
        y, x = np.divmod(np.arange(height * width), width)
        inside = [(lambda at, out: (at % group.stride == 0) & (at >= 0)
                   & (at < out * group.stride))(side[:, None] + group.padding
                                                - np.arange(group.kernel), out)
                  for side, out in ((y, neurons.height), (x, neurons.width))]
        taps = (inside[0][:, :, None] & inside[1][:, None]).reshape(len(y), -1)
        patterns, of_place = np.unique(taps, axis=0, return_inverse=True)
    reached = patterns.any(axis=1)[of_place]
    rows_of = 1 if group.source == INPUT else LANES
    found, blocks, idle = [], [], 0
    for number, first in enumerate(range(0, channels, block)):
        last = min(first + block, channels)
        blocks.append(np.arange(first, last))
        for place in range(flat.shape[1]):
            for row in range(first, last, rows_of):
                spikes = flat[row:min(row + rows_of, last), place] * reached[place]
                sent = np.repeat(row + np.arange(len(spikes)), spikes)
                if not len(sent):
                    idle += 1
                    continue
                source = sent if group.kind == "conv" else sent * flat.shape[1] + place
                found += [(one, of_place[place], gap, number)
                          for one, gap in zip(source, [idle] + [0] * len(sent), strict=False)]
                idle = 0
    table = np.array(found, np.int64).reshape(-1, 4)
    return Walk(*table.T, blocks, patterns, idle)


def group_cycles(weight: np.ndarray, steps: Walk, designs: list[Design],
                 direct: bool) -> np.ndarray:
    """Return the cycles of a group for each design, int [designs]; all have the same block."""
    count = len(designs)
    tables, loads, stored = [], [], {}
    for design in designs:
        key = design.width, design.skip_bits
        if key not in stored:
            entries = entries_of(weight, design.skip_bits)
            table, needs = transitions(entries, steps.patterns, design.width)
            stored[key] = table, [] if direct else [
                len(own) + 2 + -(-entries.count[own].sum(axis=0) // design.width)
                for own in steps.blocks]
        tables.append(stored[key][0])
        loads.append(stored[key][1])
    table = np.stack(tables, axis=2)                    # (patterns, inputs, designs, 3, 4, lanes)
    loads = np.array(loads)                             # (designs, blocks, lanes)
    queue = np.array([design.queue for design in designs])[:, None]
    waits_for_any = np.array([not design.needed for design in designs])
    deepest = int(queue.max())
    begun = np.full(count * deepest * LANES, NEVER, np.int64)
    base = np.arange(count)[:, None] * deepest * LANES + np.arange(LANES)
    head = np.zeros((count, LANES), np.int64)
    state = np.zeros((count, 4, LANES), np.int64)
    sent = np.zeros(count, np.int64)
    loaded = released = before = np.zeros((count, LANES), np.int64)
    block = -1
    for source, pattern, gap, number in zip(*(column.tolist() for column in (
            steps.source, steps.pattern, steps.gap, steps.block)), strict=True):
        while not direct and block < number:
            if block >= 0:
                sent = sent + 1                                     # the marker
                released, before = np.maximum(state[:, 0], sent[:, None] + LATENCY), released
            block += 1
            loaded = np.maximum(loaded, before) + loads[:, block]
            sent = np.maximum(sent, loaded.max(axis=1) - 1)
        need = needs[pattern, source]
        at = base + head * LANES
        oldest = begun[at]
        free = np.where(waits_for_any, oldest.max(axis=1), np.where(need, oldest, 0).max(axis=1))
        sent = np.maximum(sent + (1 + gap), free)
        state[:, 3] = arrival = sent[:, None] + LATENCY
        begun[at] = np.where(need, np.maximum(state[:, 0] + 1, arrival), oldest)
        head += need
        head[head == queue] = 0
        state[:, :3] = (table[pattern, source] + state[:, None]).max(axis=2)
    return np.maximum(state[:, :2].max(axis=(1, 2)), sent + steps.tail) + DRAIN


def ordered(network: Network, times: dict, block: int) -> tuple[Network, dict]:
    """Return network and spike times with output channels in the order that balances lanes."""
    layers, orders = [], {}
    for layer in network.layers:
        groups = []
        for group in layer.synapses:
            weight = group.weight
            if group.source in orders:
                order = orders[group.source]
                if group.kind == "linear":
                    places = weight.shape[1] // len(order)
                    order = (order[:, None] * places + np.arange(places)).reshape(-1)
                weight = weight[:, order]
            groups.append(replace(group, weight=weight))
        if not network.is_output(layer):
            counts = np.concatenate([
                np.count_nonzero(group.weight.reshape(layer.channels, group.weight.shape[1], -1),
                                 axis=2) for group in groups], axis=1)
            order = channel_order(counts, LANES, block)
            groups = [replace(group, weight=group.weight[order]) for group in groups]
            orders[layer.name] = order
        layers.append(replace(layer, synapses=tuple(groups)))
    times = {name: maps[orders[name]] for name, maps in times.items()}
    return replace(network, layers=tuple(layers)), times


def network_cycles(network: Network, image: np.ndarray, times: dict,
                   designs: list[Design]) -> np.ndarray:
    """Return the cycles of each layer, int [designs, layers]; all designs have the same block."""
    block = designs[0].block
    result = []
    for layer in network.layers:
        neurons = network.neuron_shapes[layer.name]
        total = np.zeros(len(designs), np.int64)
        for group in layer.synapses:
            maps = multiplicity(network, group.source,
                                image if group.source == INPUT else times[group.source])
            steps = walk(network, layer, group, maps, block)
            direct = group.kind == "linear" or maps[0].size <= DIRECT_POSITIONS
            weight = group.weight.reshape(layer.channels, -1, group.kernel ** 2)
            total += FETCH + group.kernel ** 2 + 1 + group_cycles(weight, steps, designs, direct)
        total += FIRE + -(-layer.channels // LANES) * neurons.height * neurons.width
        result.append(total)
    return np.stack(result, axis=1)


def buffer_entries(network: Network, block: int, width: int, skip_bits: int) -> int:
    """Return the weight buffer's entries: two blocks at once, in the lane that needs most."""
    most = 0
    for layer in network.layers:
        for group in layer.synapses:
            places = network.spike_shapes[group.source]
            if group.kind == "linear" or places.height * places.width <= DIRECT_POSITIONS:
                continue
            count = entries_of(group.weight.reshape(layer.channels, -1, group.kernel ** 2),
                               skip_bits).count
            count = -(-count // width) * width
            sums = np.add.reduceat(count, np.arange(0, len(count), block), axis=0)
            both = sums[1:] + sums[:-1] if len(sums) > 1 else sums
            most = max(most, int(both.max()))
    return most


@dataclass(frozen=True, eq=False)
class Case:
    """A network, an image and its spike times, and the floor of each layer."""

    name: str
    network: Network
    image: np.ndarray
    times: dict
    floor: np.ndarray
    operations: int
    events: int


def case(name: str, density: float, rate: float, balanced_lanes: int | None, seed: int = 0) -> Case:
    """Return VGG-16 number ``seed`` and image number ``IMAGE_SEED``."""
    network = vgg16(density, rate=rate, balanced_lanes=balanced_lanes, seed=seed)
    images = smooth_images(IMAGE_SEED, 1)
    trace = infer(network, images, trace=True).trace
    times = {key.removesuffix(".time"): maps[0] for key, maps in trace.items()
             if key.endswith(".time")}
    floors = layer_floors(network, images[0], times, LANES)
    return Case(name, network, images[0], times, np.array([floor.cycles for floor in floors]),
                sum(int(floor.operations.sum()) for floor in floors),
                sum(int(floor.events.sum()) for floor in floors))


CASES = (("10 %", 0.1, 0.3, None), ("3 %", 0.03, 0.3, None), ("10 %, balanced", 0.1, 0.3, LANES),
         ("3 %, balanced", 0.03, 0.3, LANES), ("10 %, rate 0.1", 0.1, 0.1, None),
         ("3 %, rate 0.1", 0.03, 0.1, None))
SHORT = CASES[:3]
CHOSEN = Design(width=2)
TABLES = {
    "reader and queue": [
        Design(queue=queue, width=width) for width in (1, 2, 4) for queue in (4, 8, 16, 32)],
    "dispatcher that waits only for full lanes that need the event": [
        Design(width=width, needed=True) for width in (1, 2, 4)],
    "bits of a run of zeros": [
        Design(width=width, skip_bits=bits) for width in (1, 2) for bits in (4, 5, 7)],
    "input channels of a block": [
        Design(block=block, width=2) for block in (8, 16, 32, 64, 128, 256, 512)],
    "channels ordered by the compiler": [
        Design(width=width, queue=queue, balanced=True)
        for width in (1, 2, 4) for queue in (8, 32)],
}
MORE_SEEDS = (1, 2)


def ratios(one: Case, designs: list[Design]) -> dict[Design, np.ndarray]:
    """Return the cycles of each layer for each design."""
    found = {}
    for key in dict.fromkeys((design.block, design.balanced) for design in designs):
        alike = [design for design in dict.fromkeys(designs)
                 if (design.block, design.balanced) == key]
        network, times = (ordered(one.network, one.times, key[0]) if key[1]
                          else (one.network, one.times))
        found |= zip(alike, network_cycles(network, one.image, times, alike), strict=True)
    return found


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="three networks instead of six")
    options = parser.parse_args()
    cases = [case(*wanted) for wanted in (SHORT if options.quick else CASES)]
    print(f"{'network':44}" + "".join(f"{one.name:>16}" for one in cases))
    for title, values in (("operations", [one.operations for one in cases]),
                          ("events", [one.events for one in cases]),
                          ("floor, cycles", [one.floor.sum() for one in cases])):
        print(f"{title:44}" + "".join(f"{value:16,}" for value in values))
    for title, designs in TABLES.items():
        print(f"\n{title}: cycles / floor", flush=True)
        results = [ratios(one, designs) for one in cases]
        for design in designs:
            print(f"{design!s:44}" + "".join(
                f"{result[design].sum() / one.floor.sum():16.3f}"
                for one, result in zip(cases, results, strict=True)))
        if CHOSEN in designs:
            chosen = [result[CHOSEN] for result in results]
    print(f"\neach layer, {CHOSEN}: floor in cycles, cycles / floor")
    for index, layer in enumerate(cases[0].network.layers):
        print(f"{layer.name:12}" + "".join(
            f"{one.floor[index]:11}{cycles[index] / one.floor[index]:7.2f}"
            for one, cycles in zip(cases, chosen, strict=True)), flush=True)
    print("\nentries of the weight buffer, two blocks")
    for width in (1, 2, 4):
        for block in (16, 32, 64, 128, 256):
            print(f"{Design(block=block, width=width)!s:44}" + "".join(
                f"{buffer_entries(one.network, block, width, CHOSEN.skip_bits):16}"
                for one in cases))
    print(f"\nother networks of the same kind, {CHOSEN}: cycles / floor")
    for seed in MORE_SEEDS:
        for wanted in SHORT:
            one = case(*wanted, seed=seed)
            cycles = network_cycles(one.network, one.image, one.times, [CHOSEN])
            print(f"seed {seed}, {wanted[0]:36}{cycles.sum() / one.floor.sum():16.3f}", flush=True)


if __name__ == "__main__":
    main()
