"""Counters against sums of the activity that they are shown."""

from dataclasses import replace
from random import Random

import pytest
from amaranth.lib import data

from hw.control.counter_file import CounterFile, SharedActivity
from hw.counters import COUNTERS
from hw.lane.lane import Activity
from tests.hw.configurations import PIPELINES, SMALL
from tests.hw.streams import at_random, receive, simulate

OF_A_LANE = {
    "synaptic_operations": "operation", "weight_reads": "weight_read",
    "weight_buffer_reads": "weight_buffer_read", "weight_buffer_writes": "weight_buffer_write",
    "pointer_reads": "pointer_read", "pointer_buffer_reads": "pointer_buffer_read",
    "pointer_buffer_writes": "pointer_buffer_write", "potential_reads": "potential_read",
    "potential_writes": "potential_write", "spike_reads": "spike_read",
    "spike_writes": "spike_write", "bias_reads": "channel_read", "queue_writes": "queue_write",
    "neuron_updates": "neuron"}
SHARED = {
    "events": "event", "pixel_reads": "pixel_read", "input_table_reads": "table_read",
    "queue_stall_cycles": "queue_stall",
    "weight_stall_cycles": "weight_stall", "dram_stall_cycles": "dram_stall",
    "integration_cycles": "integrating", "instruction_reads": "instruction_read"}


def random_cycle(rng: Random, config) -> dict:
    def counts(layout):
        """Return how often each thing happens: entries of a row, or once, or not."""
        return {name: rng.randint(0, config.row_entries if field.width > 1 else 1)
                for name, field in data.Layout.cast(layout)}

    return {"running": rng.randint(0, 1),
            "lanes": [counts(Activity(config)) for _ in range(config.lanes)],
            "shared": counts(SharedActivity), "save": int(rng.random() < 0.05)}


def increments(config, cycle: dict) -> dict[str, int]:
    """Return what each counter grows by in a cycle."""
    lanes, shared, running = cycle["lanes"], cycle["shared"], cycle["running"]
    grown = {name: sum(lane[field] for lane in lanes) for name, field in OF_A_LANE.items()}
    grown |= {name: shared[field] for name, field in SHARED.items()}
    return grown | {
        "cycles": running, "weight_read_bits": grown["weight_reads"] * config.entry_bits,
        "lane_idle_cycles": sum(shared["integrating"] and not lane["operation"] for lane in lanes),
        "dram_read_bits": config.stream_bits * (running and shared["streamed_beats"]),
        "input_bits": 8 * shared["pixel_write"]}


def expected(config, cycles: list[dict]) -> list[int]:
    totals, snapshots = dict.fromkeys(COUNTERS, 0), []
    for cycle in cycles:
        for name, growth in increments(config, cycle).items():
            totals[name] += growth
        if cycle["save"]:
            snapshots += totals.values()
    return snapshots


@pytest.mark.parametrize("lanes", [2, 4, 16])
@pytest.mark.parametrize("share", [0.0, 0.6])
@PIPELINES
def test_snapshots_of_each_layer(share, lanes, deep):
    rng = Random(lanes)
    config = replace(SMALL, lanes=lanes, row_entries=rng.choice([1, 2, 4]),
                     stream_bits=rng.choice([32, 256]), layer_depth=20, deep_pipeline=deep)
    dut = CounterFile(config)
    idle = {"running": 0, "lanes": [{}] * lanes, "shared": {}, "save": 0}

    async def drive(ctx):
        for _ in range(3):
            cycles = [random_cycle(rng, config) for _ in range(120)]
            cycles[-1]["save"] = 1
            assert sum(cycle["save"] for cycle in cycles) <= config.layer_depth
            for cycle in [*cycles, idle]:
                for name, value in cycle.items():
                    ctx.set(getattr(dut, name), value)
                await ctx.tick()
            wanted = expected(config, cycles)
            ctx.set(dut.report, 1)
            words = await receive(ctx, dut.words, len(wanted), pauses=at_random(lanes, share))
            ctx.set(dut.report, 0)
            assert words == wanted

    simulate(dut, drive)
