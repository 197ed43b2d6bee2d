"""When the slices of streamed weights arrive, from a source with a beat in every cycle."""

import numpy as np

from hw.compiler import Program
from hw.compiler.packets import to_beats
from hw.config import LIVE_SLICES, Configuration
from hw.layout import PacketHeader

__all__ = ["SliceStream", "slice_beats"]


def slice_beats(program: Program) -> list[list[int]]:
    """Return the beats of each packet of each slice, its header included."""
    return [[len(to_beats(program.config, [packet])) for packet in packets]
            for packets in program.slices]


class SliceStream:
    """The load stream of one inference; cycle 0 is its first, the first beat shows in cycle 1."""

    def __init__(self, config: Configuration, slices: list[list[int]]):
        self.header, self.slices = -(-PacketHeader().size // config.stream_bits), slices
        self.packets: list[tuple[int, int]] = []   # cycle before the first beat, number of beats
        self.free = 1
        self.done: list[int] = []                  # when the program was done with each slice
        self.loaded = 0

    def next_ready(self) -> int:
        """Return the first cycle in which the group of the next slice may begin.

        A slice begins when there is room: all slices but the one before it must be done. After
        the beats of a header there is one cycle in which it is checked.
        """
        if self.loaded >= LIVE_SLICES:
            self.free = max(self.free, self.done[self.loaded - LIVE_SLICES] + 1)
        for beats in self.slices[self.loaded]:
            self.packets.append((self.free, beats))
            self.free += beats + 1
        self.loaded += 1
        return self.free

    def end(self, cycle: int) -> None:
        """Note the last cycle of the group that used the next slice."""
        self.done.append(cycle)

    def beats_before(self, cycles: list[int]) -> np.ndarray:
        """Return how many beats were taken before each of some cycles, int64.

        Those of a header count when it is checked, all at once.
        """
        begins, beats = np.array(self.packets, np.int64).reshape(-1, 2).T
        checked = begins + self.header
        bounds = np.array(cycles, np.int64)[:, None]
        headers = self.header * (checked < bounds)
        words = np.clip(bounds - checked - 1, 0, beats - self.header)
        return (headers + words).sum(axis=1)
