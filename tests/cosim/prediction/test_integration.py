"""Cycles of one INTEGRATE instruction by hand; the RTL says the same in test_random_networks."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from cosim.prediction.integration import integrate
from cosim.prediction.meetings import Meetings
from tests.hw.configurations import SMALL

# A value of n sends n events.
EVENTS = np.arange(256)


def meetings(*rows: list[int], pointers: int = 1, entries: int = 2) -> Meetings:
    """One mask, and one lane that each pointer meets with these additions in its rows."""
    bounds = np.cumsum([0, *(len(part) for part in rows)])
    start = np.arange(len(rows))[:, None] * entries
    return Meetings(
        mask_of=np.zeros(1, np.int64), pointers=pointers, first=np.arange(pointers + 1),
        lane=np.zeros(len(rows), np.int32), entries=np.full(len(rows), entries, np.int32),
        first_row=bounds, additions=np.concatenate(rows).astype(np.uint8), start=start,
        stop=start + entries)


def run(found: Meetings, source: list[int], *, direct: bool = True, depth: int = 3,
        from_input: bool = False, block_channels: int = 64, deep: bool = False):
    plan = SimpleNamespace(fields={"block_channels": block_channels, "linear": 0,
                                   "from_input": from_input, "direct": direct})
    return integrate(replace(SMALL, queue_depth=depth, deep_pipeline=deep), plan, found,
                     np.array([source], np.uint8), EVENTS)


def test_one_event_of_one_row():
    """Picked in 3, shown and taken in 4, out of the queue in 6, read in 7, sent in 9 and 10, added
    and written until 13; the instruction is done in the cycle after the next.
    """
    found = run(meetings([2]), [1])
    assert found.total == 13 + 2 and found.integration == 13 + 1 - 4
    assert (found.events, found.queued, found.operations, found.entries_met) == (1, 1, 2, 2)
    assert found.queue_stall == found.weight_stall == 0 and found.source_reads == 1


def test_one_event_in_a_deep_pipeline():
    """Picked in 7, buffered in 8, shown and taken in 9, out of the queue in 13, read in 14, sent in
    20 and 21, added and written until 27, which is known two cycles later.
    """
    found = run(meetings([2]), [1], deep=True)
    assert found.total == 27 + 2 + 2 and found.integration == 27 + 1 - 9


def test_a_deep_pipeline_loses_no_cycle_while_it_is_full():
    """From the first addition on, in 20, all 60 · 4 follow one another."""
    found = run(meetings([2, 2]), [60], depth=8, deep=True)
    assert found.total == (20 + 60 * 4 - 1 + 6) + 2 + 2
    assert found.queue_stall > 0 and found.operations == 240


def test_events_follow_one_another_if_the_queue_is_deep_enough():
    """Each has one row without additions: one event is taken, and one row read, in each cycle."""
    total = run(meetings([0]), [20], depth=64).total
    assert run(meetings([0]), [20], depth=3).total == total
    assert run(meetings([0]), [20], depth=2).total > total


def test_a_deep_pipeline_has_room_for_what_is_looked_up():
    assert run(meetings([0]), [20], depth=2, deep=True).total == run(
        meetings([0]), [20], depth=64, deep=True).total


def test_silence_takes_a_visit():
    found = run(meetings([2]), [0])
    assert found.total == 3 + 2 and found.integration == 0 and found.events == 0


def test_rows_without_additions_are_read_and_take_no_slot():
    """Two more rows to read, 8 and 9; only the last adds: sent in 11."""
    assert run(meetings([0, 0, 1]), [1]).total == (9 + 2 + 3) + 2


def test_a_row_of_four_takes_four_slots():
    assert run(meetings([4]), [1]).total - run(meetings([1]), [1]).total == 3


def test_events_wait_for_room_in_the_queue():
    """Each event takes a lane four slots; the dispatcher sends one a cycle until there is no room.

    No cycle is lost: all 20 · 4 additions follow one another, from 9 on.
    """
    found = run(meetings([2, 2]), [20], depth=3)
    assert found.total == (9 + 20 * 4 - 1 + 3) + 2
    assert found.queue_stall > 0 and found.operations == 80
    deeper = run(meetings([2, 2]), [20], depth=64)
    assert deeper.queue_stall == 0 and deeper.total == found.total


def test_pixels_are_visited_one_by_one():
    """Three visits of a pixel each, against one of all channels."""
    silent = [0, 0, 0]
    rows = meetings([1], [1], [1], pointers=3)
    assert run(rows, silent, from_input=True).total == run(rows, silent).total + 2
    assert run(rows, silent, from_input=True).source_reads == 3


def test_buffered_weights_are_waited_for():
    """Copying begins in cycle 1 and takes a cycle for each of 3 channels, two more, and one for
    each row of 2 entries: until 9, so that the event shown in 4 is taken in 10.
    """
    found = run(meetings([1], [1], [1], pointers=3), [1, 0, 0], direct=False)
    assert found.copied_rows == 3
    assert found.weight_stall == (1 + 3 + 2 + 3 + 1) - 4
    # Out of the queue in 12, read in 13, sent in 15; the marker behind it is sooner done.
    assert found.total == (15 + 3) + 2


def test_two_blocks_are_copied_ahead_and_a_third_waits():
    """Blocks of one channel: the third begins when the marker of the first is out of the queue."""
    rows = meetings(*[[1]] * 4, pointers=4)
    together = run(rows, [1] * 4, direct=False)
    apart = run(rows, [1] * 4, direct=False, block_channels=1)
    assert apart.operations == together.operations and apart.copied_rows == together.copied_rows
    assert apart.weight_stall > together.weight_stall
