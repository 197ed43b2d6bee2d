"""What events meet, by hand and entry by entry."""

from types import SimpleNamespace

import numpy as np
import pytest

from cosim.prediction.meetings import OUTSIDE, list_meetings
from cosim.prediction.places import place_masks
from cosim.prediction.stored_weights import GroupWeights, stored_weights
from tests.cosim.cases import make_case


def by_hand() -> GroupWeights:
    """One pointer, two lanes, taps 0, 4 and 8 of a 3x3 kernel, two local channels.

    Lane 0 begins at entry 3: (tap 0, channel 1), (tap 4, channel 1), a bridge over zeros, (tap 8,
    channel 0). Lane 1 has one weight, of tap 0.
    """
    return GroupWeights(
        start=np.array([[3, 3]]), count=np.array([[4, 1]]),
        taps=np.array([[0b100010001, 0b1]], np.uint64), first=3,
        skips=np.array([[1, 7, 2, 3], [0, 0, 0, 0]]),
        is_weight=np.array([[True, True, False, True], [True, False, False, False]]),
        local_bits=1)


def plan_of(height: int, width: int) -> SimpleNamespace:
    """A 3x3 conv with padding 1 and stride 1."""
    return SimpleNamespace(fields={
        "height": height, "width": width, "kernel": 3, "halves": 0, "linear": 0, "top": 1,
        "left": 1, "out_height": height, "out_width": width})


def met(found, mask: int, pointer: int = 0) -> list[tuple]:
    """Return (lane, entries read, additions of each row) of an event."""
    event = mask * found.pointers + pointer
    return [(int(found.lane[m]), int(found.entries[m]),
             found.additions[found.first_row[m]:found.first_row[m + 1]].tolist())
            for m in range(found.first[event], found.first[event + 1])]


def test_rows_begin_where_the_memory_has_them():
    """Entry 3 is the second of its row of two: three rows, of one, two and one entries.

    In the middle of a 3x3 map all taps lead inside. At (0, 0) tap 8 leads to (−1, −1), outside; at
    (2, 2) tap 0 does, and lane 1 does not queue the event. At (0, 1) and (0, 2), and in the first
    column, tap 8 leads outside as well.
    """
    found = list_meetings(plan_of(3, 3), by_hand(), row_entries=2)
    corner, *_, middle, opposite = (int(found.mask_of[place]) for place in (0, 1, 4, 8))
    assert met(found, middle) == [(0, 4, [1, 1, 1]), (1, 1, [1])]
    assert met(found, corner) == [(0, 4, [1, 1, 0]), (1, 1, [1])]
    assert met(found, opposite) == [(0, 4, [0, 1, 1])]


def test_a_place_that_leads_nowhere_has_no_mask():
    plan = plan_of(3, 1)
    plan.fields |= {"top": -3, "out_height": 1}
    assert set(list_meetings(plan, by_hand(), row_entries=2).mask_of.tolist()) == {OUTSIDE}


@pytest.mark.parametrize("number", range(12))
def test_equals_entries_read_one_by_one(number):
    """All networks that processors may run, streamed weights too."""
    case = make_case(number)
    width, plans = case.design.row_entries, [
        plan for layer in case.program.layers for plan in layer.groups]
    checked = 0
    for plan, weights in zip(plans, stored_weights(case.program), strict=True):
        found, masks = list_meetings(plan, weights, width), place_masks(plan.fields)
        for place in np.flatnonzero(masks)[:9]:
            for pointer in range(min(found.pointers, 6)):
                assert met(found, found.mask_of[place], pointer) == (
                    read_one_by_one(weights, pointer, int(masks[place]), width)), number
                checked += 1
    print(f"case {number}: {checked} events")
    assert checked


def read_one_by_one(weights: GroupWeights, pointer: int, mask: int, width: int) -> list[tuple]:
    result = []
    for lane in range(weights.start.shape[1]):
        if not int(weights.taps[pointer, lane]) & mask:
            continue
        first, count = int(weights.start[pointer, lane]), int(weights.count[pointer, lane])
        rows, index = {}, -1
        for entry in range(first, first + count):
            index += int(weights.skips[lane, entry - weights.first]) + 1
            adds = weights.is_weight[lane, entry - weights.first] and (
                mask >> (index >> weights.local_bits)) & 1
            rows[entry // width] = rows.get(entry // width, 0) + int(adds)
        result.append((lane, count, list(rows.values())))
    return result
