"""What lanes hold once packets have been loaded, and the weights that it stands for."""

import numpy as np

from hw.compiler.packets import Packet
from hw.layout import Entry, EntryRow, Pointer, Target

__all__ = ["Memories"]


def number(limbs: np.ndarray) -> int:
    return sum(int(limb) << 32 * index for index, limb in enumerate(limbs))


class Memories:
    """Weight and pointer memories of all lanes; words that were never loaded are missing."""

    def __init__(self, config):
        self.config = config
        self.words: dict[tuple[Target, int, int], int] = {}

    def load(self, packets: list[Packet]):
        for packet in packets:
            for index, row in enumerate(packet.words):
                for slot, limbs in enumerate(row):
                    key = packet.target, packet.lane + slot, packet.address + index
                    self.words[key] = number(limbs)

    def pointer(self, lane: int, address: int) -> dict:
        found = Pointer(self.config).from_bits(self.words[Target.POINTER, lane, address])
        return {name: found[name] for name in ("start", "count", "taps")}

    def entries(self, lane: int, start: int, count: int) -> list[tuple[int, int]]:
        """Return (skip, signed code) of each entry."""
        found, width = [], self.config.row_entries
        for place in range(start, start + count):
            row = EntryRow(self.config).from_bits(self.words[Target.WEIGHT, lane, place // width])
            entry = row[place % width]
            found.append((entry["skip"], entry["magnitude"] * (-1 if entry["negative"] else 1)))
        assert Entry(self.config).size == self.config.entry_bits
        return found

    def weights(self, lane: int, address: int, *, channels: int, taps: int,
                local_bits: int) -> np.ndarray:
        """Return the codes [local channels, taps] behind a pointer; check its bitmap of taps."""
        pointer, position = self.pointer(lane, address), -1
        codes = np.zeros((channels, taps), np.int8)
        for skip, code in self.entries(lane, pointer["start"], pointer["count"]):
            position += skip + 1
            if code:
                tap, local = divmod(position, 1 << local_bits)
                codes[local, tap] = code
        used = codes.any(axis=0)
        assert pointer["taps"] == sum(1 << tap for tap in range(taps) if used[tap])
        return codes
