"""A cycle-level model of one synapse group, written from the contracts of the components.

It knows nothing of values: an event is the list of entries that it meets in each lane.
"""

from collections import deque
from dataclasses import dataclass, field

__all__ = ["Cycles", "Event", "Visit", "integrate"]


@dataclass(frozen=True)
class Event:
    """An event as the lanes see it.

    ``entries[lane]`` has one truth value for each entry read: does it add to a potential? ``None``
    if the lane drops the event. ``entries`` is ``None`` for a marker.
    """

    entries: tuple | None


@dataclass(frozen=True)
class Visit:
    """One visit of the walker and the events that come of it, markers included."""

    events: tuple[Event, ...]


@dataclass
class Cycles:
    """What is counted in cycles."""

    total: int = 0
    integration: int = 0
    queue_stall: int = 0
    weight_stall: int = 0
    idle: int = 0


@dataclass
class Prefetcher:
    """Copies blocks: ``blocks`` are pairs of (pointers, entries), in order; ``None`` if direct."""

    blocks: deque | None
    depth: int
    state: str = "Wait"
    pointers_left: int = 0
    to_copy: int = 0
    in_ring: int = 0
    live: deque = field(default_factory=deque)
    ready_blocks: int = 0

    def step(self, passes: bool, releases: bool):
        """Advance one clock; the arguments are what filter and reader do in this cycle."""
        if self.blocks is None:
            return
        ready_after = self.ready_blocks - passes
        freed = self.live[0] if releases else 0
        live_before, ring_before = len(self.live), self.in_ring
        if releases:
            self.live.popleft()
        self.in_ring -= freed
        if self.state == "Wait":
            if self.blocks and live_before < 2:
                self.pointers_left, self.to_copy = self.blocks.popleft()
                self.live.append(self.to_copy)
                self.state = "Pointers"
        elif self.state == "Pointers":
            self.pointers_left -= 1
            if not self.pointers_left:
                self.state = "Settle"
        elif self.state == "Settle":
            self.state = "Copy"
        elif not self.to_copy:
            ready_after += 1
            self.state = "Wait"
        elif ring_before < self.depth:
            self.to_copy -= 1
            self.in_ring += 1
        self.ready_blocks = ready_after


@dataclass
class Lane:
    """Filter, queue, reader and the pipeline behind it."""

    prefetcher: Prefetcher
    queue_depth: int
    index: int
    looked_up: Event | None = None
    queue: deque = field(default_factory=deque)
    entries: deque = field(default_factory=deque)
    pipeline: deque = field(default_factory=lambda: deque([None] * 4))

    def full(self) -> bool:
        return len(self.queue) + (self.looked_up is not None) >= self.queue_depth

    def may_take(self) -> bool:
        has_block = self.prefetcher.blocks is None or self.prefetcher.ready_blocks > 0
        return has_block and not self.full()

    def busy(self) -> bool:
        # Read, arrived, decoded weight, addition, and the cycle that writes it.
        arrived, decoded, adds, added = self.pipeline
        return bool(self.looked_up or self.queue or self.entries or arrived is not None
                    or (decoded is not None and decoded[0]) or adds == (True, True)
                    or added == (True, True))

    def adds(self) -> bool:
        return self.pipeline[2] == (True, True)

    def step(self, taken: Event | None):
        read = self.entries.popleft() if self.entries else None
        releases = False
        if not self.entries and self.queue:
            event = self.queue.popleft()
            releases = event.entries is None
            self.entries.extend(() if releases else event.entries[self.index])
        if self.looked_up is not None:
            event = self.looked_up
            if event.entries is None or event.entries[self.index] is not None:
                self.queue.append(event)
        self.looked_up = taken
        self.pipeline.pop()
        self.pipeline.appendleft(read)
        passes = taken is not None and taken.entries is None
        self.prefetcher.step(passes, releases)


def integrate(visits: list[Visit], blocks: list[list | None], *, queue_depth: int,
              buffer_depth: int) -> Cycles:
    """Return the cycles of a synapse group from the one that starts it to the one that ends it.

    ``blocks[lane]`` are the (pointers, entries) of each block, ``None`` for a direct group. An
    entry is a pair (holds a weight, falls inside the map).
    """
    lanes = [Lane(Prefetcher(None if own is None else deque(own), buffer_depth), queue_depth, index)
             for index, own in enumerate(blocks)]
    visits, read, row, pending = deque(visits), None, None, deque()
    cycles, was_event = Cycles(total=1), False
    while True:
        cycles.total += 1
        all_ready = all(lane.may_take() for lane in lanes)
        has_event = bool(pending) and pending[0].entries is not None
        busy = bool(visits or read or row or pending or any(lane.busy() for lane in lanes))
        integrating = busy and (has_event or was_event)
        was_event |= has_event
        cycles.integration += integrating
        any_full = any(lane.full() for lane in lanes)
        cycles.queue_stall += has_event and any_full
        cycles.weight_stall += has_event and not any_full and not all_ready
        cycles.idle += sum(integrating and not lane.adds() for lane in lanes)
        if not busy:
            return cycles

        takes_row = not pending or (len(pending) == 1 and all_ready)
        taken = pending.popleft() if pending and all_ready else None
        for lane in lanes:
            lane.step(taken)
        if row is None or takes_row:
            if row is not None:
                pending = deque(row.events)
            row, read = read, visits.popleft() if visits else None
