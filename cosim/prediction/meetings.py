"""What each event can meet in the lanes, worked out once for all images."""

from dataclasses import dataclass

import numpy as np

from algo.golden.compiled import compiled
from hw.compiler import GroupPlan

from .places import place_masks
from .stored_weights import GroupWeights

__all__ = ["Meetings", "list_meetings"]

OUTSIDE = -1


@dataclass(frozen=True, eq=False)
class Meetings:
    """What the events of one INTEGRATE instruction meet.

    Events differ in their pointer and in the mask of the taps that lead into the map. Event
    mask · pointers + pointer has the meetings ``first[event]`` … ``first[event + 1] - 1``, one for
    each lane that queues it.

    Parameters
    ----------
    mask_of
        int64 [places], the number of a place's mask; ``OUTSIDE``: it sends no events.
    pointers
        Number of pointers.
    first
        int64 [masks · pointers + 1].
    lane, entries
        int32 [meetings], the lane, and how many entries it reads.
    first_row
        int64 [meetings + 1]. Meeting m reads the rows ``first_row[m]`` … ``first_row[m + 1] - 1``.
    additions
        uint8 [rows], entries of a row that add a product to a potential.
    start, stop
        int64 [pointers, lanes], where in the weight memories the entries of a pointer lie.
    """

    mask_of: np.ndarray
    pointers: int
    first: np.ndarray
    lane: np.ndarray
    entries: np.ndarray
    first_row: np.ndarray
    additions: np.ndarray
    start: np.ndarray
    stop: np.ndarray


def list_meetings(plan: GroupPlan, weights: GroupWeights, row_entries: int) -> Meetings:
    """Return what the events of an instruction meet, with ``row_entries`` entries in a row."""
    masks, mask_of = np.unique(place_masks(plan.fields), return_inverse=True)
    if masks[0] == 0:
        masks, mask_of = masks[1:], mask_of - 1
    counted = _count(masks, weights.start, weights.count, weights.taps, row_entries)
    found = _list(masks, weights.start - weights.first, weights.count, weights.taps, weights.skips,
                  weights.is_weight, weights.local_bits, weights.first % row_entries, row_entries,
                  *counted)
    return Meetings(mask_of.reshape(-1).astype(np.int64), len(weights.start), *found,
                    weights.start, weights.start + weights.count)


@compiled
def _count(masks, start, count, taps, row_entries):
    """Return the numbers of meetings and of rows."""
    meetings = rows = 0
    for mask in masks:
        for pointer in range(len(start)):
            for lane in range(start.shape[1]):
                if taps[pointer, lane] & mask:
                    meetings += 1
                    ends = start[pointer, lane] % row_entries + count[pointer, lane]
                    rows += (ends + row_entries - 1) // row_entries
    return meetings, rows


@compiled
def _list(masks, start, count, taps, skips, is_weight, local_bits, phase, row_entries, meetings,
          rows):
    """Return the arrays of :class:`Meetings`; ``phase`` is where in a row entry 0 lies."""
    pointers, lanes = start.shape
    first = np.zeros(len(masks) * pointers + 1, np.int64)
    lane_of, entries = np.empty(meetings, np.int32), np.empty(meetings, np.int32)
    first_row, additions = np.zeros(meetings + 1, np.int64), np.zeros(rows, np.uint8)
    found = row = 0
    for number in range(len(masks)):
        mask = masks[number]
        for pointer in range(pointers):
            for lane in range(lanes):
                if not taps[pointer, lane] & mask:
                    continue
                begin, size = start[pointer, lane], count[pointer, lane]
                in_row, index = (begin + phase) % row_entries, -1
                for entry in range(size):
                    index += skips[lane, begin + entry] + 1
                    tap = np.uint64(index >> local_bits)
                    if is_weight[lane, begin + entry] and (mask >> tap) & np.uint64(1):
                        additions[row + (in_row + entry) // row_entries] += 1
                row += (in_row + size + row_entries - 1) // row_entries
                lane_of[found], entries[found] = lane, size
                found += 1
                first_row[found] = row
            first[number * pointers + pointer + 1] = found
    return first, lane_of, entries, first_row, additions
