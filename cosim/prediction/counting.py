"""Every count of an inference, worked out from what fires and from the compiled program."""

from collections.abc import Iterator

import numpy as np

from algo.operations.counting import events_of
from hw.compiler import FirePlan, GroupPlan, LayerPlan, Program
from hw.counters import COUNTERS
from hw.instruction import Opcode
from hw.network import INPUT

from .integration import Activity, integrate
from .load_stream import SliceStream, slice_beats
from .meetings import Meetings, list_meetings
from .stored_weights import stored_weights

__all__ = ["Counting"]

FETCH_CYCLES = 2
# Until the neurons begin to be visited; from a neuron to its spike, and to its score.
SHORT_FIRE, DEEP_FIRE = (0, 4, 3), (1, 10, 7)


class Counting:
    """What all inferences of a program have in common; :meth:`counts` is for one of them."""

    def __init__(self, program: Program):
        self.program, self.config, network = program, program.config, program.network
        self.slices, self.meetings = slice_beats(program), _meetings(program)
        self.is_leaky = network.neuron == "lif"
        self.events_of = {source: events_of(network, source)
                          for source in (INPUT, *(layer.name for layer in network.layers))}

    def counts(self, image: np.ndarray, times: dict[str, np.ndarray]) -> np.ndarray:
        """Return the counts of one image, int64 [layers, counters], equal to those of the RTL.

        Parameters
        ----------
        image
            uint8 [C, H, W].
        times
            The spike map of each layer that fires, after pooling, as in a golden trace: uint8
            [C, H, W], or [steps, C, H, W] of a ``lif`` network.
        """
        return _Inference(self, image, times).run()


def _meetings(program: Program) -> list[Meetings]:
    """Return those of each INTEGRATE instruction, in program order.

    The steps of a ``lif`` network share what they have in common.
    """
    found, known = [], {}
    plans = [plan for layer in program.layers for plan in layer.groups]
    for plan, weights in zip(plans, stored_weights(program), strict=True):
        key = (plan.slice, *(value for name, value in plan.fields.items() if name != "source"))
        if key not in known:
            known[key] = list_meetings(plan, weights, program.config.row_entries)
        found.append(known[key])
    return found


class _Inference:
    """Goes through the instructions of a program; ``now`` is the cycle, from 0 on."""

    def __init__(self, counting: Counting, image: np.ndarray, times: dict[str, np.ndarray]):
        self.counting, self.config = counting, counting.config
        self.stream = SliceStream(counting.config, counting.slices)
        self.meetings: Iterator[Meetings] = iter(counting.meetings)
        self.orders = {layer.name: layer.order for layer in counting.program.layers}
        self.maps = {INPUT: image} | times
        self.sources: dict[tuple[str, int, int], np.ndarray] = {}
        self.now = 0

    def run(self) -> np.ndarray:
        """Return the counts of all layers."""
        bounds, rows = [0], []
        for layer in self.counting.program.layers:
            rows.append(self._layer(layer))
            bounds.append(self.now)
        beats = np.diff(self.stream.beats_before(bounds))
        for row, taken in zip(rows, beats.tolist(), strict=True):
            row["dram_read_bits"] = self.config.stream_bits * taken
        rows[0]["input_bits"] = 8 * self.maps[INPUT].size
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
        found = integrate(self.config, plan, next(self.meetings), self._source(plan),
                          self.counting.events_of[plan.source])
        self.now += found.total
        if fields["streamed"]:
            self.stream.end(self.now - 1)
        self._count_group(fields, found, counts)

    def _source(self, plan: GroupPlan) -> np.ndarray:
        """Return the pixels or spike codes of an instruction, uint8 [places, channels].

        Both in the order in which they are visited.
        """
        is_step = self.counting.is_leaky and plan.source != INPUT
        key = plan.source, plan.step if is_step else 0, plan.fields["height"], plan.fields["width"]
        if key not in self.sources:
            found = self.maps[plan.source]
            if plan.source != INPUT:
                found = (found[plan.step] if is_step else found)[self.orders[plan.source]]
            places = plan.fields["height"] * plan.fields["width"]
            self.sources[key] = np.ascontiguousarray(found.reshape(-1, places).T)
        first = plan.first_channel
        return np.ascontiguousarray(
            self.sources[key][:, first:first + plan.fields["channels"]])

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
        begin, spike, score = DEEP_FIRE if self.config.deep_pipeline else SHORT_FIRE
        self.now += begin
        if fields["opcode"] == Opcode.SCORES.value:
            self.now += channels * size + score * visits
        else:
            self.now += visits + spike
