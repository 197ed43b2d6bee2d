"""When a lane does what: its prefetcher, event queue, row reader and row queue.

Written from the contracts of the components, as times of things that happen instead of states of
every cycle; time 0 is the cycle in which a synapse group begins.
"""

from collections import deque
from collections.abc import Sequence

from hw.config import Configuration
from tests.cosim.stored import GroupWeights

__all__ = ["NEVER", "Lane", "Prefetcher"]

NEVER = -1
# Rows between the weights and the multiplier.
ROW_QUEUE = 4
# Blocks that may be in the buffers at once.
LIVE_BLOCKS = 2


class Lane:
    """Takes events in order; each call says when they are taken and what they meet here."""

    def __init__(self, queue_depth: int):
        self.pops = deque(maxlen=queue_depth)      # when the last events left the queue
        self.free = 0                              # earliest cycle in which the reader takes one
        self.last_read = NEVER
        self.last_was_queued = False
        self.sent = deque(maxlen=ROW_QUEUE)        # when the last rows had been sent
        self.busy_until = NEVER

    def marker(self, taken: int) -> int:
        """Queue the marker taken in a cycle; return when the reader takes it."""
        popped = self._pop(taken)
        self.free = popped + 1
        return popped

    def event(self, taken: int, rows: Sequence[int]) -> None:
        """Queue the event taken in a cycle, of whose rows so many entries have work to do."""
        earliest = self._pop(taken) + 1
        for operations in rows:
            read = self._read(earliest)
            self.last_was_queued = operations > 0
            if operations:
                begins = max(read + 2, self.sent[-1] + 1 if self.sent else 0)
                self.sent.append(begins + operations - 1)
            self.last_read, earliest = read, read + 1
        self.free = self.last_read
        # A row arrives in the cycle after; what is sent is decoded, added and written.
        self.busy_until = max(self.last_read + 1, self.sent[-1] + 3 if self.sent else NEVER)

    def _pop(self, taken: int) -> int:
        """Looked up in the cycle after it was taken, at the end of the queue in the next one."""
        popped = max(taken + 2, self.free)
        self.pops.append(popped)
        self.busy_until = max(self.busy_until, popped)
        return popped

    def _read(self, earliest: int) -> int:
        """Return when the next row is read: when there is room for it and for the one before."""
        if self.last_read == earliest - 1:
            waiting = [*self.sent][:-1] if self.last_was_queued else [*self.sent]
            if len(waiting) < ROW_QUEUE - 1 or waiting[1 - ROW_QUEUE] < earliest:
                return earliest
            earliest += 1
        return max(earliest, self.sent[0] + 1) if len(self.sent) == ROW_QUEUE else earliest


class Prefetcher:
    """Copies the blocks of a group, one after the other."""

    def __init__(self, config: Configuration, weights: GroupWeights, lane: int):
        self.width, self.buffer_rows = config.row_entries, (
            config.weight_buffer_depth // config.row_entries)
        self.start = weights.start[lane]
        self.stop = self.start + weights.count[lane]
        self.wait = 1                              # cycle from which a block may begin
        self.released: list[int] = []              # when its weights were no longer needed
        self.nexts: list[int] = []                 # per block, first row that the one after needs
        self.filled = self.kept = int(self.start[0]) // self.width
        self.releases_seen = self.copied_rows = 0

    def ready(self, first: int, channels: int) -> int:
        """Copy the next block; return the first cycle in which its events may be taken.

        All markers but the last must have been given to ``release``.
        """
        block = len(self.nexts)
        begins = self.wait
        if block >= LIVE_BLOCKS:
            begins = max(begins, self.released[block - LIVE_BLOCKS] + 1)
        stop = int(self.stop[first + channels - 1])
        end = -(-stop // self.width)
        now = begins + channels + 2
        while self.filled < end:
            reads = min(end, self.kept + self.buffer_rows) - self.filled
            if reads > 0:
                now, self.filled = now + reads, self.filled + reads
                self.copied_rows += reads
            else:
                now = max(now, self.released[self.releases_seen] + 1)
                self.kept = self.nexts[self.releases_seen]
                self.releases_seen += 1
        self.nexts.append(stop // self.width)
        self.wait = now + 1
        return now + 1

    def release(self, when: int) -> None:
        """Note when the reader took the marker of the next block."""
        self.released.append(when)
