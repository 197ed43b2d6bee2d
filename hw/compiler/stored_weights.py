"""The stored weights of one kernel part for the channels of one pass, in all lanes."""

from dataclasses import dataclass

import numpy as np

from ..config import Configuration
from ..layout import Entry, Pointer
from .packing import pack
from .weight_runs import WeightRuns, encode_runs

__all__ = ["Slice", "StoredWeights", "store_weights"]

# Up to so many positions of a source map, weights are used too rarely to be worth a copy.
DIRECT_POSITIONS = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Slice:
    """Input channels ``first`` … ``first + channels - 1`` of stored weights, and their pointers.

    ``rows`` are the rows of weight memory that they need in the fullest lane.
    """

    first: int
    channels: int
    first_pointer: int
    pointers: int
    rows: int


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredWeights:
    """Runs of every lane that owns a channel; an input channel has so many pointers."""

    config: Configuration
    runs: list[WeightRuns]
    kernel: int
    pointers_per_channel: int
    counts: np.ndarray            # [lanes, pointers], entries of each pointer

    @property
    def lanes(self) -> int:
        """Lanes that own an output channel; the others have neither weights nor pointers."""
        return len(self.runs)

    @property
    def whole(self) -> Slice:
        """All input channels in one."""
        return self._slice(0, self.counts.shape[1])

    @property
    def units(self) -> list[Slice]:
        """Slices that are not cut further: as many channels as there are lanes."""
        pointers, each = self.counts.shape[1], self.config.lanes * self.pointers_per_channel
        return [self._slice(first, min(first + each, pointers))
                for first in range(0, pointers, each)]

    def slices(self, most_rows: int, most_pointers: int) -> list[Slice] | None:
        """Return as few slices as fit the given room, or ``None`` if a unit does not."""
        found = []
        for unit in self.units:
            if unit.rows > most_rows or unit.pointers > most_pointers:
                return None
            if found:
                last = found[-1]
                both = self._slice(last.first_pointer, unit.first_pointer + unit.pointers)
                if both.rows <= most_rows and both.pointers <= most_pointers:
                    found[-1] = both
                    continue
            found.append(unit)
        return found

    def _slice(self, first: int, stop: int) -> Slice:
        entries = int(self.counts[:, first:stop].sum(axis=1).max(initial=0))
        each = self.pointers_per_channel
        return Slice(first=first // each, channels=(stop - first) // each, first_pointer=first,
                     pointers=stop - first, rows=-(-entries // self.config.row_entries))

    def weight_rows(self, lane: int, part: Slice) -> np.ndarray:
        """Return the rows of a lane's weights, uint32 [rows, limbs]."""
        config, run = self.config, self.runs[lane]
        bounds = np.concatenate([[0], np.cumsum(run.counts)])
        own = slice(bounds[part.first_pointer], bounds[part.first_pointer + part.pointers])
        code, skip = run.code[own], run.skip[own]
        fill = -len(code) % config.row_entries
        words = pack(Entry(config), magnitude=np.pad(np.abs(code), (0, fill)),
                     negative=np.pad(code < 0, (0, fill)), skip=np.pad(skip, (0, fill)))
        return _join(words, Entry(config).size, config.row_entries)

    def pointer_words(self, lane: int, part: Slice, first_row: int) -> np.ndarray:
        """Return the pointers of a lane, uint32 [pointers, limbs], to weights from a row on."""
        own = slice(part.first_pointer, part.first_pointer + part.pointers)
        counts = self.runs[lane].counts[own]
        taps = self.runs[lane].taps[own]
        return pack(
            Pointer(self.config), count=counts,
            start=first_row * self.config.row_entries + np.cumsum(counts) - counts,
            taps=taps @ (1 << np.arange(taps.shape[1], dtype=np.int64)))

    def block(self, positions: int) -> int | None:
        """Return the input channels of a block of buffered weights; ``None``: use them directly.

        The largest block of which two fit the buffer at once, else the largest that fits.
        """
        if self.pointers_per_channel > 1 or positions <= DIRECT_POSITIONS:
            return None
        lanes, width = self.config.lanes, self.config.row_entries
        buffer_rows = self.config.memories["weight_buffer"].words
        for together in (2, 1):
            for block in (1 << bits for bits in reversed(range(lanes.bit_length()))):
                needed = np.add.reduceat(
                    self.counts, np.arange(0, self.counts.shape[1], block), axis=1)
                if together == 2 and needed.shape[1] > 1:
                    needed = needed[:, 1:] + needed[:, :-1]
                # A stretch of entries may begin and end inside a row.
                if (needed.max() + 2 * (width - 1)) // width <= buffer_rows:
                    return block
        return None


def store_weights(config: Configuration, weight: np.ndarray, *, kernel: int, local_bits: int,
                  pointers_per_channel: int) -> StoredWeights:
    """Encode signed codes, int8 [places of output channels, pointers, taps]."""
    runs = [encode_runs(weight[lane::config.lanes], local_bits=local_bits,
                        skip_bits=config.skip_bits)
            for lane in range(min(config.lanes, len(weight)))]
    return StoredWeights(config=config, runs=runs, kernel=kernel,
                         pointers_per_channel=pointers_per_channel,
                         counts=np.stack([run.counts for run in runs]))


def _join(words: np.ndarray, bits: int, count: int) -> np.ndarray:
    """Put ``count`` neighbouring words of at most 32 bits side by side, uint32 [n, limbs]."""
    parts = words[:, 0].reshape(-1, count).astype(np.uint64)
    joined = np.zeros((len(parts), -(-bits * count // 32)), np.uint32)
    for index in range(count):
        limb, shift = divmod(index * bits, 32)
        value = parts[:, index] << np.uint64(shift)
        joined[:, limb] |= (value & np.uint64(0xFFFFFFFF)).astype(np.uint32)
        if shift + bits > 32:
            joined[:, limb + 1] |= (value >> np.uint64(32)).astype(np.uint32)
    return joined
