"""The weight reader against a plain decoder of runs, and its promise of no gaps."""

from random import Random

import pytest

from hw.lane.weight_reader import WeightReader
from tests.hw.configurations import SMALL
from tests.hw.streams import answer, at_random, never, plain, send, simulate

READ_TO_SYNAPSE = 2
CONTEXT = ("exponent", "base", "rows", "columns")


def random_entries(seed: int) -> list[dict]:
    """Return a weight memory; a magnitude of 0 only bridges zeros."""
    rng = Random(seed)
    return [{"skip": rng.randrange(1 << SMALL.skip_bits), "negative": rng.randint(0, 1),
             "magnitude": rng.choice([0, rng.randint(1, SMALL.numbers.largest_code)])}
            for _ in range(300)]


def random_queue(seed: int, *, count: int = 60, markers: float = 0.2) -> list[dict]:
    rng, queue = Random(seed), []
    for _ in range(count):
        length = rng.choice([1, 1, 2, 3, 20])
        queue.append({"marker": int(rng.random() < markers), "count": length,
                      "start": rng.randint(0, 300 - length), "exponent": rng.randrange(128),
                      "base": rng.randrange(SMALL.potential_depth),
                      "rows": rng.randrange(8), "columns": rng.randrange(8)})
    return queue


def decode(queue: list[dict], entries: list[dict]) -> list[dict]:
    """Return the synapses that the events of a queue meet, in order."""
    synapses = []
    for event in queue:
        position = -1
        for entry in entries[event["start"]:event["start"] + event["count"]]:
            position += entry["skip"] + 1
            if entry["magnitude"] and not event["marker"]:
                synapses.append({name: event[name] for name in CONTEXT} | {
                    "position": position, "magnitude": entry["magnitude"],
                    "negative": entry["negative"]})
    return synapses


def run(queue: list[dict], entries: list[dict], *, cycles: int, pauses=never) -> list[tuple]:
    """Return (read, valid, synapse, finishes block, busy) of each cycle."""
    dut, seen = WeightReader(SMALL), []

    async def drive(ctx):
        await send(ctx, dut.queue, queue, pauses=pauses)

    async def observe(ctx):
        for _ in range(cycles):
            *_, read, valid, synapse, finishes, busy = await ctx.tick().sample(
                dut.read, dut.valid, dut.synapse, dut.finishes_block, dut.busy)
            seen.append((read, valid, plain(synapse), finishes, busy))

    simulate(dut, drive, observe, answer(dut.read, dut.address, dut.entry, entries.__getitem__))
    return seen


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(4))
def test_decodes_runs(seed, share):
    queue, entries = random_queue(seed), random_entries(seed)
    seen = run(queue, entries, cycles=1600, pauses=at_random(seed, share))
    assert [synapse for _, valid, synapse, *_ in seen if valid] == decode(queue, entries)
    assert sum(finishes for *_, finishes, _ in seen) == sum(event["marker"] for event in queue)
    assert not seen[-1][-1]


def test_no_gap_between_events():
    queue, entries = random_queue(9, markers=0.0), random_entries(9)
    count = sum(event["count"] for event in queue)
    seen = run(queue, entries, cycles=count + 5)
    assert [read for read, *_ in seen] == [0, *[1] * count, 0, 0, 0, 0]
    is_weight = [bool(entries[event["start"] + index]["magnitude"])
                 for event in queue for index in range(event["count"])]
    assert [valid for _, valid, *_ in seen][1 + READ_TO_SYNAPSE:] == [*is_weight, 0, 0]


def test_a_marker_behind_entries_costs_one_cycle_in_which_the_last_is_read():
    entries = random_entries(1)
    event = random_queue(1, count=1, markers=0)[0] | {"count": 3}
    marker = event | {"marker": 1}
    seen = run([event, marker, marker, event], entries, cycles=9)
    assert [read for read, *_ in seen] == [0, 1, 1, 1, 0, 0, 1, 1, 1]
    assert [finishes for *_, finishes, _ in seen] == [0, 0, 0, 1, 1, 0, 0, 0, 0]
