"""When the slices of streamed weights arrive, from a source with a beat in every cycle."""

import numpy as np

from hw.compiler import Program
from hw.compiler.packets import to_beats

__all__ = ["SliceStream"]

LIVE_SLICES = 2


class SliceStream:
    """The load stream of one inference; cycle 0 is its first, the first beat shows in cycle 1."""

    def __init__(self, program: Program):
        config = program.config
        self.header = -(-96 // config.stream_bits)
        # Beats of each packet of each slice, header included; that counts when it is checked.
        self.slices = [[len(to_beats(config, [packet])) for packet in packets]
                       for packets in program.slices]
        self.beats: list[np.ndarray] = []          # cycles in which beats count
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
        now = self.free
        for beats in self.slices[self.loaded]:
            self.beats.append(np.full(self.header, now + self.header))
            self.beats.append(np.arange(now + self.header + 1, now + 1 + beats))
            now += beats + 1
        self.loaded += 1
        self.free = now
        return now

    def end(self, cycle: int) -> None:
        """Note the last cycle of the group that used the next slice."""
        self.done.append(cycle)

    def beats_between(self, first: int, stop: int) -> int:
        """Return how many beats are taken in the cycles from ``first`` to before ``stop``."""
        return sum(int(((first <= cycles) & (cycles < stop)).sum()) for cycles in self.beats)
