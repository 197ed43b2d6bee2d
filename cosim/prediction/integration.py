"""The cycles of one INTEGRATE instruction: the dispatcher, and what it waits for in the lanes.

Written from the contracts of the components, as times of things that happen instead of states of
every cycle; time 0 is the cycle in which the instruction's group begins.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from algo.golden.compiled import compiled
from hw.compiler import GroupPlan
from hw.config import LIVE_BLOCKS, Configuration

from .meetings import Meetings

__all__ = ["Activity", "integrate"]

# Before time 0, by more than any sum of latencies.
NEVER = -1000
# Cycles from a change of the queue of rows to its effect on what is read, if that is in a register.
LATE = 2


class Steps(NamedTuple):
    """Cycles that parts of a pipeline take.

    From the begin of a group to the first row of its source in the event picker; to its begin in
    the lanes; from an event's being taken to its entry into a lane's queue; in a buffer for two
    events between picker and lanes, if there is one; from a row's read to its entry into the row
    queue; from there to the write of a sum; from the last pointer of a block to its first row; from
    a state of the lanes to its being known outside; after a marker, until the next event is sent;
    from the end of a block to its room being free. ``rows`` fill a queue of rows. ``reserves``: a
    queue counts as full if what is on its way might fill it; else it has room for that besides.
    """

    first_row: int
    begin: int
    look_up: int
    buffer: int
    decode: int
    add: int
    settle: int
    notice: int
    hold: int
    release: int
    rows: int
    reserves: int


SHORT = Steps(first_row=3, begin=0, look_up=1, buffer=0, decode=1, add=3, settle=2, notice=0,
              hold=0, release=0, rows=3, reserves=1)
DEEP = Steps(first_row=7, begin=1, look_up=3, buffer=1, decode=5, add=6, settle=3, notice=2,
             hold=3, release=1, rows=10, reserves=0)


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
        DEEP if config.deep_pipeline else SHORT,
        (meetings.mask_of, meetings.pointers, meetings.first, meetings.lane, meetings.entries,
         meetings.first_row, meetings.additions),
        meetings.start, meetings.stop)
    return Activity(*(int(value) for value in found))


@compiled
def _run(source, events_of, block_channels, linear, from_input, direct, depth, buffer, steps,
         meetings, start, stop):
    """Return the fields of :class:`Activity`.

    The picker holds one visit after the other: a place's channels, or one pixel. The last event or
    marker ``left`` it, and the last of them were ``taken``, the latest first. ``rooms`` are as of
    :func:`_queue`: now, and before the last one to five events, which may not be queued yet.
    """
    mask_of, pointers, first, lane_of, entries_of, first_row, additions = meetings
    places, channels = source.shape
    lanes = start.shape[1]
    # Of each lane: when the last events left the queue, in a ring, and where the oldest stands;
    # the earliest cycle in which the reader takes one; when the last rows with additions came into
    # their queue and had been sent, in rings, and the newest three of them; when the last others
    # were read; when all is done.
    pops, oldest = np.full((lanes, depth), NEVER, np.int64), np.zeros(lanes, np.int64)
    free = np.zeros(lanes, np.int64)
    rows = steps.rows + steps.decode + (0 if steps.reserves else LATE)
    came, sent = np.full((2, lanes, rows), NEVER, np.int64)
    oldest_sent = np.zeros(lanes, np.int64)
    newest = np.full((lanes, 3), NEVER, np.int64)
    silent, oldest_silent = np.full((lanes, steps.decode), NEVER, np.int64), np.zeros(
        lanes, np.int64)
    last_silent = np.full(lanes, NEVER, np.int64)
    busy_until = np.full(lanes, NEVER, np.int64)
    blocks = (channels + block_channels - 1) // block_channels
    fetched = _prefetchers(start, blocks, buffer, 1 + steps.begin)
    picker, left, taken = steps.first_row - 1, NEVER, (NEVER, NEVER, NEVER, NEVER, NEVER)
    room = (NEVER, NEVER)
    rooms = (room, room, room, room, room, room)
    first_event = weights_ready = NEVER
    queue_stall = weight_stall = 0
    events = queued = entries_met = operations = source_reads = 0
    for block in range(blocks):
        begin = block * block_channels
        end = min(channels, begin + block_channels)
        if not direct:
            weights_ready = max(taken[0] + 1 + steps.hold, steps.notice + _ready(
                fetched, stop, buffer, block, end - 1, end - begin + steps.settle))
        for place in range(places):
            mask = mask_of[place]
            base = begin * places + place * (end - begin) - begin if linear else 0
            if not from_input:
                source_reads += (end - begin) * (mask >= 0)
                picker = max(picker + 1, left)
            shown_before = False
            for channel in range(begin, end):
                if from_input:
                    source_reads += mask >= 0
                    picker, shown_before = max(picker + 1, left), False
                if mask < 0:
                    continue
                for _ in range(events_of[source[place, channel]]):
                    left, shown = _shown(left if shown_before else picker, taken, steps.buffer)
                    shown_before = True
                    if first_event == NEVER:
                        first_event = shown
                    now, full = _when_taken(shown, taken, rooms, weights_ready, steps)
                    taken = now, taken[0], taken[1], taken[2], taken[3]
                    left = left if steps.buffer else now
                    queue_stall += full
                    weight_stall += now - shown - full
                    events += 1
                    event = mask * pointers + base + channel
                    for meeting in range(first[event], first[event + 1]):
                        lane = lane_of[meeting]
                        popped = max(taken[0] + 1 + steps.look_up, free[lane])
                        read, quiet, oldest_row = popped, last_silent[lane], oldest_sent[lane]
                        third, second, ends = newest[lane, 0], newest[lane, 1], newest[lane, 2]
                        for row in range(first_row[meeting], first_row[meeting + 1]):
                            read += 1
                            # Asked only where it may not be so: half of the time of all this.
                            if not steps.reserves:
                                read = _when_read(
                                    came, sent, oldest_row, lane, read, steps.rows)
                            elif third >= read:
                                if quiet < read - steps.decode:
                                    read = max(read, sent[lane, oldest_row] + 1)
                                else:
                                    read = _room_for_row(sent, oldest_row, silent, lane, read)
                            adds = np.int64(additions[row])
                            if adds > 0:
                                third, second = second, ends
                                ends = max(read + 1 + steps.decode, ends + 1) + adds - 1
                                operations += adds
                                came[lane, oldest_row] = read + steps.decode
                                sent[lane, oldest_row] = ends
                                oldest_row = oldest_row + 1 if oldest_row + 1 < rows else 0
                            else:
                                quiet = read
                                _note(silent, oldest_silent, lane, read)
                        newest[lane, 0], newest[lane, 1], newest[lane, 2] = third, second, ends
                        last_silent[lane], oldest_sent[lane], free[lane] = quiet, oldest_row, read
                        # Rows are decoded; what is sent of them is resolved, added and written.
                        busy_until[lane] = max(read + steps.decode, ends + steps.add)
                        room = _queue(pops, oldest, lane, popped, room)
                        queued += 1
                        entries_met += entries_of[meeting]
                    rooms = (room, rooms[0], rooms[1], rooms[2], rooms[3], rooms[4])
        if not direct:
            left, shown = _shown(max(picker, left), taken, steps.buffer)
            now, _ = _when_taken(shown, taken, rooms, weights_ready, steps)
            taken = now, taken[0], taken[1], taken[2], taken[3]
            left = left if steps.buffer else now
            for lane in range(lanes):
                popped = max(taken[0] + 1 + steps.look_up, free[lane])
                free[lane] = popped + 1
                busy_until[lane] = max(busy_until[lane], popped)
                room = _queue(pops, oldest, lane, popped, room)
                fetched[RELEASED][lane, block] = popped + steps.release
            rooms = (room, rooms[0], rooms[1], rooms[2], rooms[3], rooms[4])
    last = max(picker, taken[0] + steps.look_up, busy_until.max())
    integration = 0 if first_event == NEVER else last + 1 - first_event
    return (last + 2 + steps.notice, integration, queue_stall, weight_stall, events, queued,
            entries_met, operations, source_reads, fetched[STATE][:, COPIED].sum())


@compiled
def _shown(since, taken, buffer):
    """Return when an event leaves the picker, ready since the cycle before, and when it shows.

    Two events fit a buffer; the one before the last must have left it.
    """
    if not buffer:
        return since + 1, since + 1
    left = max(since, taken[1]) + 1
    return left, max(left, taken[0]) + 1


@compiled
def _when_taken(shown, taken, rooms, weights_ready, steps):
    """Return when an event is taken that shows from a cycle on, and how long a queue is full.

    That is when no queue is, and all lanes have the weights.
    """
    cycle, full = shown, 0
    while True:
        known, late = cycle - steps.notice, 0
        for before in taken:
            late += before >= known - steps.look_up
        if late == 0:
            clear = max(cycle, rooms[0][0] + steps.notice)
            return max(clear, weights_ready), full + clear - cycle
        is_full = rooms[late][late * steps.reserves] > known
        if not is_full and cycle >= weights_ready:
            return cycle, full
        full += is_full
        cycle += 1


@compiled
def _queue(pops, oldest, lane, popped, room):
    """Note when an event leaves a queue; return from when on there is room for one or two more."""
    _note(pops, oldest, lane, popped)
    # Room comes back in the cycle after.
    first = oldest[lane]
    second = first + 1 if first + 1 < pops.shape[1] else 0
    return max(room[0], pops[lane, first] + 1), max(room[1], pops[lane, second] + 1)


@compiled
def _note(ring, oldest, lane, cycle):
    """Replace the oldest of a lane's cycles."""
    place = oldest[lane]
    ring[lane, place] = cycle
    oldest[lane] = place + 1 if place + 1 < ring.shape[1] else 0


@compiled
def _room_for_row(sent, oldest, silent, lane, earliest):
    """Return the first cycle from ``earliest`` on in which a lane may read a row.

    Rows on their way to the row queue count until they turn out to add nothing.
    """
    cycle, rows, decode = earliest, sent.shape[1], silent.shape[1]
    while True:
        place = oldest
        for other in range(decode):
            if silent[lane, other] >= cycle - decode:
                place = place + 1 if place + 1 < rows else 0
        if sent[lane, place] < cycle:
            return cycle
        cycle = max(cycle, sent[lane, oldest]) + 1 if place == oldest else cycle + 1


@compiled
def _when_read(came, sent, oldest, lane, earliest, full):
    """Return the first cycle from ``earliest`` on in which a row is read for a lane.

    So many rows in the queue, as of ``LATE`` cycles before, are too many; those on their way do not
    count.
    """
    cycle, rows = earliest, sent.shape[1]
    while True:
        late = 0
        while late < rows - full and came[lane, (oldest - 1 - late) % rows] > cycle - LATE:
            late += 1
        if sent[lane, (oldest - full - late) % rows] <= cycle - LATE:
            return cycle
        cycle += 1


# A prefetcher copies the blocks of a group, one after the other. Of each lane and block: when its
# weights were no longer needed, and the first row that the block after it needs; of each lane: the
# cycle from which a block may begin, rows copied up to, kept from, releases seen, rows copied.
RELEASED, NEXTS, STATE = 0, 1, 2
WAIT, FILLED, KEPT, SEEN, COPIED = range(5)


@compiled
def _prefetchers(start, blocks, buffer, begin):
    lanes = start.shape[1]
    state = np.zeros((lanes, 5), np.int64)
    state[:, WAIT] = begin
    for lane in range(lanes):
        state[lane, FILLED] = state[lane, KEPT] = start[0, lane] // buffer[0]
    return np.zeros((lanes, blocks), np.int64), np.zeros((lanes, blocks), np.int64), state


@compiled
def _ready(fetched, stop, buffer, block, last_channel, cycles):
    """Copy a block in all lanes; return the first cycle in which its events may be taken.

    Its pointers take so many ``cycles``.
    """
    released, nexts, state = fetched
    width, buffer_rows = buffer
    ready = NEVER
    for lane in range(len(state)):
        begins = state[lane, WAIT]
        if block >= LIVE_BLOCKS:
            begins = max(begins, released[lane, block - LIVE_BLOCKS] + 1)
        until = stop[last_channel, lane]
        end = (until + width - 1) // width
        now, filled, kept = begins + cycles, state[lane, FILLED], state[lane, KEPT]
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
