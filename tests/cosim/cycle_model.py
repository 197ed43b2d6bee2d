"""The cycles of one INTEGRATE instruction, from the one in which its group begins."""

from dataclasses import dataclass

from hw.compiler import GroupPlan
from hw.config import Configuration
from tests.cosim.lane_model import NEVER, Lane, Prefetcher
from tests.cosim.stored import GroupWeights
from tests.cosim.walk import Block

__all__ = ["Activity", "integrate"]

# From the begin of a group to the first row of its source in the event picker.
FIRST_ROW = 3


@dataclass
class Activity:
    """What a group does; the fields up to ``total`` are numbers of cycles."""

    total: int = 0
    integration: int = 0
    queue_stall: int = 0
    weight_stall: int = 0
    events: int = 0
    queued: int = 0
    entries_met: int = 0
    operations: int = 0
    source_reads: int = 0
    copied_rows: int = 0


def integrate(config: Configuration, plan: GroupPlan, weights: GroupWeights,
              blocks: list[Block]) -> Activity:
    """Return what a group does from the cycle in which it begins to that in which it is done."""
    return _Group(config, plan, weights).run(blocks)


class _Group:
    def __init__(self, config: Configuration, plan: GroupPlan, weights: GroupWeights):
        self.weights, self.depth, self.found = weights, config.queue_depth, Activity()
        # Only lanes that own a channel listen.
        lanes = range(plan.fields["lanes"])
        self.lanes = [Lane(config.queue_depth) for _ in lanes]
        self.prefetchers = [] if plan.fields["direct"] else [
            Prefetcher(config, weights, lane) for lane in lanes]
        self.taken = NEVER              # when the last event or marker was taken
        # From when on each lane has room for one more event; and when that with one less, as it
        # is in the cycle in which the event before is still being looked up.
        self.room = self.tight = self.tight_before = NEVER

    def run(self, blocks: list[Block]) -> Activity:
        """Dispatch all events; the picker holds one row after the other."""
        picker, first_event = FIRST_ROW - 1, None
        for block in blocks:
            weights_ready = max((prefetcher.ready(block.first, block.channels)
                                 for prefetcher in self.prefetchers), default=NEVER)
            for visit in block.visits:
                self.found.source_reads += visit.reads
                picker = max(picker + 1, self.taken)
                for index, (pointer, mask) in enumerate(visit.events):
                    shown = self.taken + 1 if index else picker + 1
                    if first_event is None:
                        first_event = shown
                    self._event(shown, weights_ready, pointer, mask)
            if self.prefetchers:
                self._marker(max(picker, self.taken) + 1, weights_ready)
        last = max(picker, self.taken + 1, *(lane.busy_until for lane in self.lanes))
        self.found.total = last + 2
        self.found.integration = 0 if first_event is None else last + 1 - first_event
        self.found.copied_rows = sum(prefetcher.copied_rows for prefetcher in self.prefetchers)
        return self.found

    def _event(self, shown: int, weights_ready: int, pointer: int, mask: int) -> None:
        found, free = self.found, self._all_free(shown)
        self._take(max(free, weights_ready))
        found.queue_stall += free - shown
        found.weight_stall += self.taken - free
        found.events += 1
        for met in self.weights.met(pointer, mask):
            lane = self.lanes[met.lane]
            lane.event(self.taken, met.rows)
            self._note_room(lane)
            found.queued += 1
            found.entries_met += met.entries
            found.operations += sum(met.rows)

    def _marker(self, shown: int, weights_ready: int) -> None:
        self._take(max(self._all_free(shown), weights_ready))
        for lane, prefetcher in zip(self.lanes, self.prefetchers, strict=True):
            prefetcher.release(lane.marker(self.taken))
            self._note_room(lane)

    def _take(self, when: int) -> None:
        self.taken, self.tight_before = when, self.tight

    def _all_free(self, shown: int) -> int:
        """Return from when on no lane's queue is full."""
        if self.taken == shown - 1:
            if self.tight_before < shown:
                return shown
            shown += 1
        return max(shown, self.room)

    def _note_room(self, lane: Lane) -> None:
        """Room comes back in the cycle after the event that leaves the queue."""
        if len(lane.pops) == self.depth:
            self.room = max(self.room, lane.pops[0] + 1)
        if len(lane.pops) >= self.depth - 1:
            self.tight = max(self.tight, lane.pops[1 - self.depth])
