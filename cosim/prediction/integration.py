"""The cycles of one INTEGRATE instruction: the dispatcher, and what it waits for in the lanes.

Written from the contracts of the components, as times of things that happen instead of states of
every cycle; time 0 is the cycle in which the instruction's group begins.
"""

from dataclasses import dataclass

import numpy as np

from algo.golden.compiled import compiled
from hw.compiler import GroupPlan
from hw.config import LIVE_BLOCKS, Configuration

from .meetings import Meetings

__all__ = ["Activity", "integrate"]

# Before time 0, by more than any sum of latencies.
NEVER = -1000
# From the begin of a group to the first row of its source in the event picker.
FIRST_ROW = 3
# Rows between the weights and the multiplier of a lane; the compiled loop has as many variables.
ROW_QUEUE = 4


@dataclass(frozen=True)
class Activity:
    """What an instruction does; the fields up to ``weight_stall`` are numbers of cycles."""

    total: int
    integration: int
    queue_stall: int
    weight_stall: int
    events: int
    queued: int
    entries_met: int
    operations: int
    source_reads: int
    copied_rows: int


def integrate(config: Configuration, plan: GroupPlan, meetings: Meetings, source: np.ndarray,
              events_of: np.ndarray) -> Activity:
    """Return what an instruction does, from when its group begins to when that is done.

    Parameters
    ----------
    source
        uint8 [places, channels], contiguous: pixels or spike codes.
    events_of
        int64 [256], events that each value stands for.
    """
    fields = plan.fields
    found = _run(
        source, events_of, fields["block_channels"], bool(fields["linear"]),
        bool(fields["from_input"]), bool(fields["direct"]), config.queue_depth,
        (config.row_entries, config.weight_buffer_depth // config.row_entries),
        (meetings.mask_of, meetings.pointers, meetings.first, meetings.lane, meetings.entries,
         meetings.first_row, meetings.additions),
        meetings.start, meetings.stop)
    return Activity(*(int(value) for value in found))


@compiled
def _run(source, events_of, block_channels, linear, from_input, direct, depth, buffer, meetings,
         start, stop):
    """Return the fields of :class:`Activity`.

    The picker holds one visit after the other: a place's channels, or one pixel. ``taken`` is when
    the last event or marker was taken. From ``room`` on each lane has room for one more event, and
    from ``tight`` on that with one less, as it is in the cycle in which the event before is still
    being looked up.
    """
    mask_of, pointers, first, lane_of, entries_of, first_row, additions = meetings
    places, channels = source.shape
    lanes = start.shape[1]
    # Of each lane: when the last events left the queue, in a ring, and where the oldest stands;
    # the earliest cycle in which the reader takes one; its last read, and whether that went on;
    # when the last rows had been sent, the oldest first; when all is done.
    pops, oldest = np.full((lanes, depth), NEVER, np.int64), np.zeros(lanes, np.int64)
    free = np.zeros(lanes, np.int64)
    last_read = np.full(lanes, NEVER, np.int64)
    went_on = np.zeros(lanes, np.bool_)
    sent = np.full((lanes, ROW_QUEUE), NEVER, np.int64)
    busy_until = np.full(lanes, NEVER, np.int64)
    blocks = (channels + block_channels - 1) // block_channels
    fetched = _prefetchers(start, blocks, buffer)
    picker, taken = FIRST_ROW - 1, NEVER
    room = tight = tight_before = NEVER
    first_event = weights_ready = NEVER
    queue_stall = weight_stall = 0
    events = queued = entries_met = operations = source_reads = 0
    for block in range(blocks):
        begin = block * block_channels
        end = min(channels, begin + block_channels)
        if not direct:
            weights_ready = _ready(fetched, stop, buffer, block, end - 1, end - begin)
        for place in range(places):
            mask = mask_of[place]
            base = begin * places + place * (end - begin) - begin if linear else 0
            if not from_input:
                source_reads += (end - begin) * (mask >= 0)
                picker = max(picker + 1, taken)
            shown_before = False
            for channel in range(begin, end):
                if from_input:
                    source_reads += mask >= 0
                    picker, shown_before = max(picker + 1, taken), False
                if mask < 0:
                    continue
                for _ in range(events_of[source[place, channel]]):
                    shown = taken + 1 if shown_before else picker + 1
                    shown_before = True
                    if first_event == NEVER:
                        first_event = shown
                    cleared = _all_free(shown, taken, tight_before, room)
                    taken, tight_before = max(cleared, weights_ready), tight
                    queue_stall += cleared - shown
                    weight_stall += taken - cleared
                    events += 1
                    event = mask * pointers + base + channel
                    for meeting in range(first[event], first[event + 1]):
                        lane = lane_of[meeting]
                        popped = max(taken + 2, free[lane])
                        earliest, read, on = popped + 1, last_read[lane], went_on[lane]
                        a, b, c, d = (sent[lane, 0], sent[lane, 1], sent[lane, 2],
                                      sent[lane, 3])
                        for row in range(first_row[meeting], first_row[meeting + 1]):
                            # A row is read when there is room for it and for the one before.
                            waits_for = a if on else b
                            if read != earliest - 1:
                                read = max(earliest, a + 1)
                            elif waits_for < earliest:
                                read = earliest
                            else:
                                read = max(earliest + 1, a + 1)
                            adds = np.int64(additions[row])
                            on = adds > 0
                            if on:
                                a, b, c, d = b, c, d, max(read + 2, d + 1) + adds - 1
                                operations += adds
                            earliest = read + 1
                        sent[lane, 0], sent[lane, 1], sent[lane, 2], sent[lane, 3] = a, b, c, d
                        last_read[lane], went_on[lane], free[lane] = read, on, read
                        # A row arrives in the cycle after; what is sent is decoded, added, written.
                        busy_until[lane] = max(read + 1, d + 3)
                        room, tight = _queue(pops, oldest, lane, popped, room, tight)
                        queued += 1
                        entries_met += entries_of[meeting]
        if not direct:
            shown = max(picker, taken) + 1
            cleared = _all_free(shown, taken, tight_before, room)
            taken, tight_before = max(cleared, weights_ready), tight
            for lane in range(lanes):
                popped = max(taken + 2, free[lane])
                free[lane] = popped + 1
                busy_until[lane] = max(busy_until[lane], popped)
                room, tight = _queue(pops, oldest, lane, popped, room, tight)
                fetched[RELEASED][lane, block] = popped
    last = max(picker, taken + 1, busy_until.max())
    integration = 0 if first_event == NEVER else last + 1 - first_event
    return (last + 2, integration, queue_stall, weight_stall, events, queued, entries_met,
            operations, source_reads, fetched[STATE][:, COPIED].sum())


@compiled
def _all_free(shown, taken, tight_before, room):
    """Return from when on no lane's queue is full, for an event shown in a cycle."""
    if taken == shown - 1:
        if tight_before < shown:
            return shown
        shown += 1
    return max(shown, room)


@compiled
def _queue(pops, oldest, lane, popped, room, tight):
    """Note when an event leaves a queue; return from when on there is room, for one more or two."""
    depth, place = pops.shape[1], oldest[lane]
    pops[lane, place] = popped
    place = place + 1 if place + 1 < depth else 0
    oldest[lane] = place
    after = place + 1 if place + 1 < depth else 0
    # Room comes back in the cycle after.
    return max(room, pops[lane, place] + 1), max(tight, pops[lane, after])


# A prefetcher copies the blocks of a group, one after the other. Of each lane and block: when its
# weights were no longer needed, and the first row that the block after it needs; of each lane: the
# cycle from which a block may begin, rows copied up to, kept from, releases seen, rows copied.
RELEASED, NEXTS, STATE = 0, 1, 2
WAIT, FILLED, KEPT, SEEN, COPIED = range(5)


@compiled
def _prefetchers(start, blocks, buffer):
    lanes = start.shape[1]
    state = np.zeros((lanes, 5), np.int64)
    state[:, WAIT] = 1
    for lane in range(lanes):
        state[lane, FILLED] = state[lane, KEPT] = start[0, lane] // buffer[0]
    return np.zeros((lanes, blocks), np.int64), np.zeros((lanes, blocks), np.int64), state


@compiled
def _ready(fetched, stop, buffer, block, last_channel, channels):
    """Copy a block in all lanes; return the first cycle in which its events may be taken."""
    released, nexts, state = fetched
    width, buffer_rows = buffer
    ready = NEVER
    for lane in range(len(state)):
        begins = state[lane, WAIT]
        if block >= LIVE_BLOCKS:
            begins = max(begins, released[lane, block - LIVE_BLOCKS] + 1)
        until = stop[last_channel, lane]
        end = (until + width - 1) // width
        now, filled, kept = begins + channels + 2, state[lane, FILLED], state[lane, KEPT]
        while filled < end:
            reads = min(end, kept + buffer_rows) - filled
            if reads > 0:
                now += reads
                filled += reads
                state[lane, COPIED] += reads
            else:
                seen = state[lane, SEEN]
                now = max(now, released[lane, seen] + 1)
                kept = nexts[lane, seen]
                state[lane, SEEN] += 1
        nexts[lane, block] = until // width
        state[lane, WAIT], state[lane, FILLED], state[lane, KEPT] = now + 1, filled, kept
        ready = max(ready, now + 1)
    return ready
