"""Which weights stay on chip, which are streamed in, and where both lie."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ..config import LIVE_SLICES, Configuration
from ..layout import Target
from ..network import INPUT, Network, Shape
from .allocation import CompileError
from .packets import END_OF_SLICE, Packet, lane_packets
from .partition import KernelPart, Part, kernel_parts, layer_parts
from .placement import scan_order
from .stored_weights import Slice, StoredWeights, store_weights

__all__ = ["Placed", "WeightPlan", "plan_weights"]


@dataclass(kw_only=True, eq=False)
class Placed:
    """The weights of one kernel part for one pass, and where they lie.

    ``pointer`` is the address of the first pointer if they are resident, else ``slices`` are
    streamed; ``block`` the input channels of a block in the weight buffer, ``None`` without it.
    """

    group: int
    source: Shape
    linear: bool
    kernel: KernelPart
    weights: StoredWeights
    block: int | None
    pointer: int | None = None
    slices: list[Slice] | None = None


@dataclass(kw_only=True, eq=False)
class WeightPlan:
    """Parts of every layer, their weights, and the places of all of them."""

    config: Configuration
    parts: list[list[Part]] = field(default_factory=list)
    stored: dict[tuple[int, int], list[Placed]] = field(default_factory=dict)
    resident_packets: list[Packet] = field(default_factory=list)
    used: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    # Halves of what is left for streamed weights: rows and pointers, first ones and how many.
    first_half_row: int = 0
    half_rows: int = 0
    first_half_pointer: int = 0
    half_pointers: int = 0

    def placed(self, layer: int, part: Part) -> list[Placed]:
        """Return the weights of a part of a layer, in the order of its synapse groups."""
        return self.stored[layer, part.first_local]

    def half_pointer(self, half: int) -> int:
        """Return the address of the first pointer of streamed weights."""
        return self.first_half_pointer + half * self.half_pointers

    def slice_packets(self, placed: Placed, piece: Slice, half: int) -> tuple[Packet, ...]:
        """Return what brings a slice of weights into one half of the room for them."""
        row = self.first_half_row + half * self.half_rows
        return (*_packets(self.config, placed, piece, row, self.half_pointer(half)), END_OF_SLICE)


def plan_weights(network: Network, config: Configuration,
                 orders: dict[str, np.ndarray]) -> WeightPlan:
    """Encode all weights and decide where they go.

    If all fit they stay on chip. Else two equal parts of the memories are set aside, one for the
    slice of weights at work and one for the slice that is being streamed in; what fits beside
    them stays. Raises :class:`CompileError`.
    """
    plan = WeightPlan(config=config)
    rows, pointers = (config.memories[name].words for name in ("weight", "pointer"))
    for index in range(len(network.layers)):
        _store_layer(plan, network, index, orders, most_local_channels=1 << 30)
    everything = [placed for group in plan.stored.values() for placed in group]
    needed_rows = sum(placed.weights.whole.rows for placed in everything)
    needed_pointers = sum(placed.weights.whole.pointers for placed in everything)
    entries = needed_rows * config.row_entries
    fits = f"{entries} of {config.weight_depth} entries, {needed_pointers} of {pointers} pointers"
    if needed_rows <= rows and needed_pointers <= pointers:
        plan.notes.append(f"weights resident: {fits} in the fullest lane")
        _keep(plan, everything, rows, pointers)
        return plan
    _reserve_halves(plan, network, orders)
    everything = [placed for group in plan.stored.values() for placed in group]
    kept = _keep(plan, everything, plan.first_half_row, plan.first_half_pointer)
    for placed in everything:
        if placed.pointer is None:
            placed.slices = placed.weights.slices(plan.half_rows, plan.half_pointers)
    plan.notes.append(
        f"weights streamed: {fits} do not fit; {kept} of {len(everything)} groups stay on chip, "
        f"the others pass through two halves of {plan.half_rows * config.row_entries} entries")
    plan.used = {"weight": rows, "pointer": pointers}
    return plan


def _store_layer(plan: WeightPlan, network: Network, index: int, orders: dict[str, np.ndarray], *,
                 most_local_channels: int) -> None:
    """Encode the weights of a layer, in passes of at most so many local channels."""
    config, layer = plan.config, network.layers[index]
    neurons = network.neuron_shapes[layer.name]
    parts = layer_parts(layer, neurons, config.lanes, config.potential_depth, most_local_channels)
    plan.parts[index:index + 1] = [parts]
    for key in [key for key in plan.stored if key[0] == index]:
        del plan.stored[key]
    for part in {part.first_local: part for part in parts}.values():
        places = slice(part.first_local * config.lanes,
                       (part.first_local + part.local_channels) * config.lanes)
        own = orders[layer.name][places]
        plan.stored[index, part.first_local] = [
            _stored(plan.config, number, source, linear, kernel, part.local_bits,
                    per_channel)
            for number, group in enumerate(layer.synapses)
            for source, linear, per_channel, kernel in _kernels(
                network, config, group, own, orders)]


def _kernels(network: Network, config: Configuration, group, own: np.ndarray,
             orders: dict[str, np.ndarray]) -> Iterator[tuple[Shape, bool, int, KernelPart]]:
    """Yield (source map, linear, pointers per channel, kernel part) for output channels ``own``."""
    source, order = network.spike_shapes[group.source], orders[group.source]
    weight = group.weight[own]
    if group.kind == "conv":
        for kernel in kernel_parts(group, weight[:, order], config.max_kernel):
            yield source, False, 1, kernel
        return
    linear, per_channel = group.source != INPUT, 1
    if linear:
        weight = weight[:, scan_order(source, order, config.lanes)]
        per_channel = source.height * source.width
    else:
        # Pixels lie in the order of the weights: a map of one position.
        source = Shape(source.size, 1, 1)
    kernel = KernelPart(weight=weight[:, :, None], kernel=1, top=0, left=0)
    yield source, linear, per_channel, kernel


def _stored(config: Configuration, group: int, source: Shape, linear: bool, kernel: KernelPart,
            local_bits: int, per_channel: int) -> Placed:
    weights = store_weights(config, kernel.weight, kernel=kernel.kernel, local_bits=local_bits,
                            pointers_per_channel=per_channel)
    block = None if linear else weights.block(source.height * source.width)
    return Placed(group=group, source=source, linear=linear, kernel=kernel, weights=weights,
                  block=block)


def _reserve_halves(plan: WeightPlan, network: Network, orders: dict[str, np.ndarray]) -> None:
    """Set two halves aside, as large as the largest slice needs and at least a quarter each.

    Layers of which not even one row of channels fits half of the memory get more passes.
    """
    config = plan.config
    rows, pointers = (config.memories[name].words for name in ("weight", "pointer"))
    least_rows, least_pointers = rows // 4, pointers // 4
    for index, layer in enumerate(network.layers):
        each = max(part.local_channels for part in plan.parts[index])
        while not all(placed.weights.slices(rows // LIVE_SLICES, pointers // LIVE_SLICES)
                      for part in plan.parts[index] for placed in plan.placed(index, part)):
            if each == 1:
                raise CompileError(
                    f"layer {layer.name}: needs more than half of the {config.weight_depth} "
                    f"entries or {pointers} pointers of a lane for {config.lanes} input channels, "
                    f"configuration {config.name}")
            each = -(-each // 2)
            _store_layer(plan, network, index, orders, most_local_channels=each)
        for part in plan.parts[index]:
            for placed in plan.placed(index, part):
                for unit in placed.weights.units:
                    least_rows = max(least_rows, unit.rows)
                    least_pointers = max(least_pointers, unit.pointers)
    plan.half_rows, plan.half_pointers = least_rows, least_pointers
    plan.first_half_row = rows - LIVE_SLICES * least_rows
    plan.first_half_pointer = pointers - LIVE_SLICES * least_pointers


def _keep(plan: WeightPlan, everything: list[Placed], rows: int, pointers: int) -> int:
    """Make weights resident, in order, while they fit; return how many do."""
    row = pointer = kept = 0
    for placed in everything:
        whole = placed.weights.whole
        if row + whole.rows > rows or pointer + whole.pointers > pointers:
            continue
        placed.pointer = pointer
        plan.resident_packets += _packets(plan.config, placed, whole, row, pointer)
        row, pointer, kept = row + whole.rows, pointer + whole.pointers, kept + 1
    plan.used = {"weight": row, "pointer": pointer}
    return kept


def _packets(config: Configuration, placed: Placed, piece: Slice, row: int,
             pointer: int) -> list[Packet]:
    lanes = range(placed.weights.lanes)
    return [
        *lane_packets(config, Target.WEIGHT, row,
                      [placed.weights.weight_rows(lane, piece) for lane in lanes]),
        *lane_packets(config, Target.POINTER, pointer,
                      [placed.weights.pointer_words(lane, piece, row) for lane in lanes])]
