"""Every count of an inference, worked out from the golden trace and the compiled program."""

from functools import lru_cache

import numpy as np

from hw.compiler import FirePlan, GroupPlan, LayerPlan, Program
from hw.counters import COUNTERS
from hw.instruction import Opcode
from hw.network import INPUT
from tests.cosim.cycle_model import Activity, integrate
from tests.cosim.load_model import SliceStream
from tests.cosim.stored import stored_weights
from tests.cosim.walk import walk

__all__ = ["expected_counts"]

FETCH_CYCLES = 2
FIRE_LATENCY = 4
# Of local channels whose scores are read out, before the first score.
SCORE_LATENCY = 3

_stored = lru_cache(maxsize=1)(stored_weights)


def expected_counts(program: Program, image: np.ndarray,
                    times: dict[str, np.ndarray]) -> np.ndarray:
    """Return the counts [layers, counters] of one image.

    ``times`` has the spike map of each layer that fires, after pooling, as in a golden trace:
    [C, H, W], or [steps, C, H, W] of a ``lif`` network.
    """
    return _Inference(program, image, times).run()


class _Inference:
    """Goes through the instructions of a program; ``now`` is the cycle, from 0 on."""

    def __init__(self, program: Program, image: np.ndarray, times: dict[str, np.ndarray]):
        self.program, self.config = program, program.config
        self.stream, self.weights = SliceStream(program), iter(_stored(program))
        self.orders = {layer.name: layer.order for layer in program.layers}
        self.sources = {INPUT: image} | times
        self.image_bits, self.now = 8 * image.size, 0

    def run(self) -> np.ndarray:
        """Return the counts of all layers."""
        bounds, rows = [0], []
        for layer in self.program.layers:
            rows.append(self._layer(layer))
            bounds.append(self.now)
        for row, first, stop in zip(rows, bounds, bounds[1:], strict=False):
            row["dram_read_bits"] = (
                self.config.stream_bits * self.stream.beats_between(first, stop))
        rows[0]["input_bits"] = self.image_bits
        return np.array([list(row.values()) for row in rows])

    def _layer(self, layer: LayerPlan) -> dict[str, int]:
        counts, began = dict.fromkeys(COUNTERS, 0), self.now
        for plan in layer.instructions:
            counts["instruction_reads"] += 1
            self.now += FETCH_CYCLES
            if isinstance(plan, GroupPlan):
                self._group(plan, counts)
            else:
                self._fire(plan, counts)
        for name in ("potential_reads", "potential_writes"):
            counts[name] = counts["synaptic_operations"] + counts["neuron_updates"]
        counts["weight_read_bits"] = counts["weight_reads"] * self.config.entry_bits
        counts["cycles"] = self.now - began
        return counts

    def _group(self, plan: GroupPlan, counts: dict[str, int]) -> None:
        fields = plan.fields
        self.now += fields["kernel"] ** 2
        if fields["streamed"]:
            ready = self.stream.next_ready()
            counts["dram_stall_cycles"] += max(0, ready - self.now)
            self.now = max(self.now, ready)
        silence = 1 if self.program.network.neuron == "lif" else (
            self.program.network.numbers.silence)
        blocks = list(walk(fields, self.config.lanes, self._source(plan), silence,
                           self.program.network.exponents))
        found = integrate(self.config, plan, next(self.weights), blocks)
        self.now += found.total
        if fields["streamed"]:
            self.stream.end(self.now - 1)
        self._count_group(fields, found, counts)

    def _source(self, plan: GroupPlan) -> np.ndarray:
        """Return the pixels or spike codes, [channels, places], in the order of places."""
        found = self.sources[plan.source]
        if plan.source != INPUT:
            if self.program.network.neuron == "lif":
                found = found[plan.step]
            found = found[self.orders[plan.source]]
        found = found.reshape(-1, plan.fields["height"] * plan.fields["width"])
        return found[plan.first_channel:plan.first_channel + plan.fields["channels"]]

    def _count_group(self, fields: dict[str, int], found: Activity, counts: dict[str, int]) -> None:
        lanes = fields["lanes"]
        counts["synaptic_operations"] += found.operations
        counts["events"] += found.events
        counts["queue_writes"] += found.queued
        for name in ("pixel_reads", "input_table_reads") if fields["from_input"] else (
                "spike_reads",):
            counts[name] += found.source_reads
        if fields["direct"]:
            counts["weight_reads"] += found.entries_met
            counts["pointer_reads"] += found.events * lanes
        else:
            counts["weight_buffer_reads"] += found.entries_met
            counts["pointer_buffer_reads"] += found.events * lanes
            for name in ("weight_reads", "weight_buffer_writes"):
                counts[name] += found.copied_rows * self.config.row_entries
            for name in ("pointer_reads", "pointer_buffer_writes"):
                counts[name] += fields["channels"] * lanes
        counts["queue_stall_cycles"] += found.queue_stall
        counts["weight_stall_cycles"] += found.weight_stall
        counts["integration_cycles"] += found.integration
        counts["lane_idle_cycles"] += found.integration * self.config.lanes - found.operations

    def _fire(self, plan: FirePlan, counts: dict[str, int]) -> None:
        fields = plan.fields
        height, width, channels, pool = (
            fields[name] for name in ("height", "width", "channels", "pool"))
        size = height * width
        visits = -(-channels // self.config.lanes) * size
        counts["neuron_updates"] += channels * size
        counts["bias_reads"] += channels
        if fields["writes"]:
            counts["spike_writes"] += channels * (height // pool) * (width // pool)
        if fields["opcode"] == Opcode.SCORES.value:
            self.now += channels * size + SCORE_LATENCY * visits
        else:
            self.now += visits + FIRE_LATENCY
