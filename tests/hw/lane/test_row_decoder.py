"""The row decoder against a plain decoder of runs, and the cycles that entries cost."""

from dataclasses import replace
from random import Random

import pytest

from hw.lane.row_decoder import RowDecoder, late_rows, row_queue_depth, rows_on_their_way
from tests.hw.configurations import PIPELINES, SMALL
from tests.hw.streams import at_random, never, plain, simulate

CONFIG = replace(SMALL, max_kernel=7)
ROW_ENTRIES = pytest.mark.parametrize("width", [1, 2, 4])


def random_entry(rng: Random, bridging: float) -> dict:
    """Return an entry; a magnitude of 0 only bridges zeros."""
    return {"skip": rng.choice([0, rng.randrange(1 << CONFIG.skip_bits)]),
            "negative": rng.randint(0, 1), "magnitude":
            0 if rng.random() < bridging else rng.randint(1, CONFIG.numbers.largest_code)}


def random_event(rng: Random, *, inside: float, bridging: float, most: int = 40) -> dict:
    """Return an event's place, the taps inside the map, and its weight entries."""
    return {"exponent": rng.randrange(128), "base": rng.randrange(CONFIG.potential_depth),
            "taps": sum((rng.random() < inside) << tap for tap in range(CONFIG.max_kernel ** 2)),
            "entries": [random_entry(rng, bridging) for _ in range(rng.randint(1, most))]}


def configured(width: int, deep: bool):
    """Return a configuration, and the cycles from a row's arrival to its first synapse."""
    config = replace(CONFIG, row_entries=width, deep_pipeline=deep)
    return config, 1 + rows_on_their_way(config)


def rows_of(rng: Random, event: dict, width: int) -> list[tuple[dict, list[dict]]]:
    """Return (context, row) of an event whose weights begin anywhere in a row.

    Entries of other events surround its own.
    """
    own = event["entries"]
    before = rng.randrange(width)
    after = -(before + len(own)) % width
    others = [random_entry(rng, 0.0) for _ in range(before + after)]
    entries = others[:before] + own + others[before:]
    is_own = [False] * before + [True] * len(own) + [False] * after
    return [({"entries": sum(bit << index for index, bit in enumerate(is_own[at:at + width])),
              "is_first": int(at == 0), **{name: event[name] for name in
                                           ("exponent", "base", "taps")}}, entries[at:at + width])
            for at in range(0, len(entries), width)]


def decode(event: dict, local_bits: int) -> list[dict]:
    """Return the synapses of an event that have work to do, in order."""
    position, synapses = -1, []
    for entry in event["entries"]:
        position += entry["skip"] + 1
        if entry["magnitude"] and event["taps"] >> (position >> local_bits) & 1:
            synapses.append({
                "position": position, "magnitude": entry["magnitude"],
                "negative": entry["negative"], "exponent": event["exponent"],
                "base": event["base"]})
    return synapses


def run(config, rows: list, local_bits: int, *, cycles: int, pauses=never) -> list[tuple]:
    """Read rows as ``may_read`` allows; return (arrives, may read, synapse, busy) of each cycle."""
    dut, rows, seen = RowDecoder(config), list(rows), []

    async def drive(ctx):
        ctx.set(dut.local_bits, local_bits)
        reads = bool(rows)
        for _ in range(cycles):
            ctx.set(dut.arrives, reads)
            if reads:
                context, row = rows.pop(0)
                ctx.set(dut.context, context)
                ctx.set(dut.row, row)
            *_, arrives, may_read, valid, synapse, busy = await ctx.tick().sample(
                dut.arrives, dut.may_read, dut.valid, dut.synapse, dut.busy)
            seen.append((arrives, may_read, plain(synapse) if valid else None, busy))
            reads = bool(rows) and bool(may_read) and not pauses()

    simulate(dut, drive)
    assert not rows, f"{len(rows)} rows not read after {cycles} cycles"
    return seen


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(3))
@ROW_ENTRIES
@PIPELINES
def test_decodes_runs(width, seed, share, deep):
    rng, (config, _) = Random(seed), configured(width, deep)
    local_bits = rng.choice([0, 2, 3])
    events = [random_event(rng, inside=rng.random(), bridging=rng.choice([0, 0.5, 1]))
              for _ in range(25)]
    rows = [row for event in events for row in rows_of(rng, event, width)]
    seen = run(config, rows, local_bits, cycles=1500, pauses=at_random(seed, share))
    assert [synapse for _, _, synapse, _ in seen if synapse] == [
        synapse for event in events for synapse in decode(event, local_bits)]
    assert not seen[-1][-1]


@ROW_ENTRIES
@PIPELINES
def test_entries_without_work_cost_no_cycle_beyond_their_row(width, deep):
    rng, rows, work, (config, latency) = Random(width), [], [], configured(width, deep)
    everywhere = (1 << CONFIG.max_kernel ** 2) - 1
    for index in range(60):
        entries = [random_entry(rng, 1.0) | {"skip": 0} for _ in range(width)]
        entries[rng.randrange(width)]["magnitude"] = 1
        taps = everywhere * (index % 3 > 0)
        rows.append(({"entries": (1 << width) - 1, "is_first": 1, "taps": taps}, entries))
        work.append(int(taps != 0))
    seen = run(config, rows, 0, cycles=len(rows) + latency)
    assert [arrives for arrives, *_ in seen] == [1] * len(rows) + [0] * latency
    assert [int(synapse is not None) for *_, synapse, _ in seen] == [0] * latency + work


@ROW_ENTRIES
@PIPELINES
def test_one_synapse_per_cycle_from_full_rows(width, deep):
    config, latency = configured(width, deep)
    context = {"entries": (1 << width) - 1, "is_first": 1, "taps": 1}
    entries = [{"magnitude": 1}] * width
    rows = [(context, entries)] * 20
    seen = run(config, rows, 3, cycles=20 * width + latency + 1)
    assert [int(synapse is not None) for *_, synapse, _ in seen] == (
        [0] * latency + [1] * 20 * width + [0])
    assert [busy for *_, busy in seen] == [0, *[1] * (20 * width + latency - 1), 0]
    if width > 1:   # rows come faster than their synapses leave
        first_wait = [may_read for _, may_read, *_ in seen].index(0)
        assert first_wait >= row_queue_depth(config) - (late_rows(config) if deep else 1)
