"""What the packets of a program put into the lanes: the entries of every pointer."""

from dataclasses import dataclass, field

import numpy as np

from hw.compiler import GroupPlan, Program
from hw.config import Configuration
from hw.layout import Target

__all__ = ["GroupWeights", "Met", "stored_weights"]


@dataclass(frozen=True)
class Met:
    """What an event meets in one lane: entries read, and of each row how many add something."""

    lane: int
    entries: int
    rows: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class GroupWeights:
    """The weights of one INTEGRATE instruction.

    Parameters
    ----------
    start, count, taps
        [lanes that own a channel, pointers], from the instruction's first pointer on.
    skips, is_weight
        [these lanes, entries], from entry ``first`` of the weight memory on.
    """

    row_entries: int
    local_bits: int
    start: np.ndarray
    count: np.ndarray
    taps: np.ndarray
    first: int
    skips: np.ndarray
    is_weight: np.ndarray
    found: dict[tuple[int, int], list[Met]] = field(default_factory=dict)

    def met(self, pointer: int, mask: int) -> list[Met]:
        """Return what an event with these taps inside the map meets, for lanes that queue it."""
        key = pointer, mask
        if key not in self.found:
            lanes = np.flatnonzero(self.taps[:, pointer] & np.uint64(mask))
            self.found[key] = [self._met(int(lane), pointer, mask) for lane in lanes]
        return self.found[key]

    def _met(self, lane: int, pointer: int, mask: int) -> Met:
        start, count = int(self.start[lane, pointer]), int(self.count[lane, pointer])
        own = slice(start - self.first, start - self.first + count)
        taps = (np.cumsum(self.skips[lane, own] + 1) - 1) >> self.local_bits
        adds = self.is_weight[lane, own] & ((mask >> taps) & 1 == 1)
        rows = (start % self.row_entries + np.arange(count)) // self.row_entries
        return Met(lane, count, tuple(int(n) for n in np.bincount(rows, weights=adds)))


def stored_weights(program: Program) -> list[GroupWeights]:
    """Return the weights of every INTEGRATE instruction, in program order.

    Slices are loaded in their order, each when the instruction that uses it begins.
    """
    memory = _Memory(program.config)
    for packet in program.packets:
        memory.load(packet)
    found, loaded = [], 0
    for layer in program.layers:
        for group in layer.groups:
            if group.fields["streamed"]:
                for packet in program.slices[loaded]:
                    memory.load(packet)
                loaded += 1
            found.append(memory.group(group))
    assert loaded == len(program.slices)
    return found


class _Memory:
    """Pointer and weight memories of all lanes."""

    def __init__(self, config: Configuration):
        self.config = config
        pointers = config.lanes, config.pointer_depth
        self.start, self.count = np.zeros(pointers, np.int64), np.zeros(pointers, np.int64)
        self.taps = np.zeros(pointers, np.uint64)
        self.magnitude, self.skip = np.zeros((2, config.lanes, config.weight_depth), np.int64)

    def load(self, packet) -> None:
        """Take the words of a packet that is for weights or pointers."""
        config = self.config
        words = packet.words.swapaxes(0, 1)[:config.lanes - packet.lane]
        lanes = slice(packet.lane, packet.lane + len(words))
        if packet.target == Target.POINTER:
            own = slice(packet.address, packet.address + words.shape[1])
            bits = config.weight_depth.bit_length()
            self.start[lanes, own] = _bits(words, 0, bits)
            self.count[lanes, own] = _bits(words, bits, bits)
            self.taps[lanes, own] = _bits(words, 2 * bits, config.max_kernel ** 2)
        elif packet.target == Target.WEIGHT:
            width, code = config.row_entries, config.numbers.weight_bits
            for index in range(width):
                own = slice(packet.address * width + index,
                            (packet.address + words.shape[1]) * width, width)
                first = index * (code + config.skip_bits)
                self.magnitude[lanes, own] = _bits(words, first, code - 1)
                self.skip[lanes, own] = _bits(words, first + code, config.skip_bits)

    def group(self, plan: GroupPlan) -> GroupWeights:
        """Return what the pointers of an instruction lead to."""
        fields = plan.fields
        pointers = fields["channels"]
        if fields["linear"]:
            pointers *= fields["height"] * fields["width"]
        lanes = slice(fields["lanes"])
        own = lanes, slice(fields["pointer"], fields["pointer"] + pointers)
        start, count = self.start[own].copy(), self.count[own].copy()
        entries = slice(start.min(), (start + count).max())
        return GroupWeights(
            row_entries=self.config.row_entries, local_bits=fields["local_bits"],
            start=start, count=count, taps=self.taps[own].copy(), first=int(entries.start),
            skips=self.skip[lanes, entries].copy(), is_weight=self.magnitude[lanes, entries] != 0)


def _bits(words: np.ndarray, low: int, width: int) -> np.ndarray:
    """Return bits of words [..., 32-bit limbs] as uint64 [...]."""
    found = np.zeros(words.shape[:-1], np.uint64)
    for limb in range(low // 32, (low + width - 1) // 32 + 1):
        part, shift = words[..., limb].astype(np.uint64), 32 * limb - low
        found |= part << np.uint64(shift) if shift >= 0 else part >> np.uint64(-shift)
    return found & np.uint64((1 << width) - 1)
