"""What the packets of a program put into the lanes: the entries of every pointer."""

from dataclasses import dataclass

import numpy as np

from hw.compiler import GroupPlan, Program
from hw.config import Configuration
from hw.layout import Target

__all__ = ["GroupWeights", "stored_weights"]


@dataclass(frozen=True, eq=False)
class GroupWeights:
    """The weights of one INTEGRATE instruction, from its first pointer on.

    Parameters
    ----------
    start, count
        int64 [pointers, lanes that own a channel], where in the weight memory the entries of an
        input channel begin, and how many there are.
    taps
        uint64 [pointers, lanes], a bit for each kernel tap that has a weight.
    skips
        int64 [lanes, entries], zeros before each entry; from entry ``first`` of the memory on.
    is_weight
        bool [lanes, entries], False for an entry that only bridges zeros.
    local_bits
        Of the running index of an entry, those that are the local channel; above is the tap.
    """

    start: np.ndarray
    count: np.ndarray
    taps: np.ndarray
    first: int
    skips: np.ndarray
    is_weight: np.ndarray
    local_bits: int


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
        # Copies, since later slices overwrite the memory.
        start, count, taps = (values[own].T.copy()
                              for values in (self.start, self.count, self.taps))
        entries = slice(start.min(), (start + count).max())
        return GroupWeights(
            start=start, count=count, taps=taps, first=int(entries.start),
            skips=self.skip[lanes, entries].copy(), is_weight=self.magnitude[lanes, entries] != 0,
            local_bits=fields["local_bits"])


def _bits(words: np.ndarray, low: int, width: int) -> np.ndarray:
    """Return bits of words [..., 32-bit limbs] as uint64 [...]."""
    found = np.zeros(words.shape[:-1], np.uint64)
    for limb in range(low // 32, (low + width - 1) // 32 + 1):
        part, shift = words[..., limb].astype(np.uint64), 32 * limb - low
        found |= part << np.uint64(shift) if shift >= 0 else part >> np.uint64(-shift)
    return found & np.uint64((1 << width) - 1)
