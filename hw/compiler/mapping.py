"""From a network to a program, layer by layer."""

from collections.abc import Iterator

import numpy as np

from ..config import LIVE_SLICES, Configuration
from ..instruction import (
    MAX_CHANNELS,
    MAX_POOL,
    MAX_SIDE,
    FireInstruction,
    Instruction,
    IntegrateInstruction,
    Opcode,
)
from ..layout import Channel, Target
from ..network import INPUT, Layer, Network, Shape
from ..network.model import NO_EVENT
from ..network.validation import MAX_EVENTS_PER_PIXEL
from ..numbers import LEAK_ONE
from .allocation import CompileError, SpikeMemory, reserve
from .packets import Packet, lane_packets
from .packing import LIMB_BITS, pack, pack_one
from .partition import Part
from .placement import channel_orders
from .program import FirePlan, GroupPlan, LayerPlan, Program
from .residency import Placed, WeightPlan, plan_weights

__all__ = ["compile_network"]


def compile_network(network: Network, config: Configuration) -> Program:
    """Map a valid network onto a configuration.

    Raises :class:`CompileError` if the configuration cannot run it: the layer, what it needs and
    what there is.
    """
    if config.numbers != network.numbers:
        raise CompileError(f"configuration {config.name} must have the network's number format")
    if network.neuron == "lif" and not config.leaky:
        raise CompileError(f"network {network.name}: lif neurons need a leaky configuration, "
                           f"{config.name} is not")
    if len(network.layers) > config.layer_depth:
        raise CompileError(f"network {network.name}: must have at most {config.layer_depth} "
                           f"layers (configuration {config.name}), not {len(network.layers)}")
    for layer in network.layers:
        _check_layer(network, layer)
    orders = channel_orders(network, config)
    return _Compiler(network, config, orders, plan_weights(network, config, orders)).run()


def _check_layer(network: Network, layer: Layer) -> None:
    if layer.pool > MAX_POOL:
        raise CompileError(
            f"layer {layer.name}: pool must be at most {MAX_POOL}, not {layer.pool}")
    shapes = [network.neuron_shapes[layer.name]]
    for group in layer.synapses:
        source = network.spike_shapes[group.source]
        # Whatever the shape of an image, a linear group reads it as one position.
        is_flat = group.kind == "linear" and group.source == INPUT
        shapes.append(Shape(source.size, 1, 1) if is_flat else source)
    for shape in shapes:
        if shape.channels > MAX_CHANNELS:
            raise CompileError(f"layer {layer.name}: a map must have at most {MAX_CHANNELS} "
                               f"channels (or pixels, for linear), not {shape.channels}")
        if max(shape.height, shape.width) > MAX_SIDE:
            raise CompileError(f"layer {layer.name}: a map must be at most {MAX_SIDE}x{MAX_SIDE}, "
                               f"not {shape.height}x{shape.width}")


class _Compiler:
    """Running totals of one compilation."""

    def __init__(self, network: Network, config: Configuration, orders: dict[str, np.ndarray],
                 weights: WeightPlan):
        self.network, self.config = network, config
        self.orders, self.weights = orders, weights
        self.spikes = SpikeMemory(config)
        self.channels = [[] for _ in range(config.lanes)]
        self.channels_used = self.potentials_used = 0
        self.sources: dict[str, int] = {}   # addresses of the maps that the layer at work reads
        self.instructions: list[np.ndarray] = []
        self.slices: list[tuple[Packet, ...]] = []

    def run(self) -> Program:
        network, config = self.network, self.config
        reserve(config, network.layers[0].name, "pixel", 0, network.input_shape.size)
        layers = tuple(self._layer(index) for index in range(len(network.layers)))
        return Program(
            network=network, config=config, layers=layers, packets=tuple(self._packets()),
            slices=tuple(self.slices), notes=tuple(self._notes(layers)),
            used=self.weights.used | {
                "potential": self.potentials_used, "channel": self.channels_used,
                "spike": self.spikes.most_used, "pixel": network.input_shape.size,
                "instruction": len(self.instructions)})

    def _packets(self) -> Iterator[Packet]:
        """Yield what is loaded once."""
        config = self.config
        yield from self.weights.resident_packets
        yield from lane_packets(config, Target.CHANNEL, 0,
                                [np.concatenate(words) for words in self.channels])
        table = np.full((256, MAX_EVENTS_PER_PIXEL), NO_EVENT, np.uint8)
        table[:, :self.network.exponents.shape[1]] = self.network.exponents
        for target, words in ((Target.INPUT_TABLE, table.view("<u4")),
                              (Target.INSTRUCTION, np.concatenate(self.instructions))):
            yield Packet(target=target, lane=0, address=0, words=words[:, None, :])

    def _layer(self, index: int) -> LayerPlan:
        network, config = self.network, self.config
        layer, parts = network.layers[index], self.weights.parts[index]
        neurons, pooled = network.neuron_shapes[layer.name], network.spike_shapes[layer.name]
        local_channels = -(-neurons.channels // config.lanes)
        plane = local_channels * pooled.height * pooled.width
        is_output, is_single = network.is_output(layer), len(parts) * network.steps == 1
        needed = {group.source for later in network.layers[index + 1:] for group in later.synapses}
        self.sources = {group.source: 0 if group.source == INPUT
                        else self.spikes.maps[group.source].start for group in layer.synapses}
        # Its spikes may lie where its sources did, if these have been read when it fires.
        if is_single:
            self.spikes.free_unless(needed)
        spikes = 0 if is_output else self.spikes.allocate(layer.name, network.steps * plane)
        channel = self._channels(layer, local_channels)
        instructions = []
        for part in parts:
            size = part.rows * neurons.width << part.local_bits
            self.potentials_used = max(self.potentials_used, size)
            for step in range(network.steps):
                instructions += self._groups(index, part, step)
                is_last = part is parts[-1] and step == network.steps - 1
                first = spikes + step * plane + (
                    part.first_local * pooled.height + part.first_row // layer.pool) * pooled.width
                instructions.append(self._fire(
                    layer, part, step, channel=channel + part.first_local,
                    spikes=0 if is_output or part.rows < layer.pool else first, ends=is_last))
        self.spikes.free_unless(needed | {layer.name})
        return LayerPlan(name=layer.name, neurons=neurons, order=self.orders[layer.name],
                         instructions=tuple(instructions))

    def _groups(self, index: int, part: Part, step: int) -> Iterator[GroupPlan]:
        for placed in self.weights.placed(index, part):
            if placed.slices is None:
                yield self._integrate(index, part, step, placed, placed.weights.whole, None)
                continue
            for piece in placed.slices:
                half = len(self.slices) % LIVE_SLICES
                self.slices.append(self.weights.slice_packets(placed, piece, half))
                yield self._integrate(index, part, step, placed, piece, half)

    def _integrate(self, index: int, part: Part, step: int, placed: Placed, piece,
                   half: int | None) -> GroupPlan:
        network, config = self.network, self.config
        layer = network.layers[index]
        group = layer.synapses[placed.group]
        neurons, source = network.neuron_shapes[layer.name], placed.source
        from_input, positions = group.source == INPUT, source.height * source.width
        if from_input:
            start, plane = piece.first * positions, positions
        else:
            row = -(-source.channels // config.lanes) * positions
            start = (self.sources[group.source] + step * row
                     + piece.first // config.lanes * positions)
            plane = 0
        stride, row_stride = group.stride, self._row_stride(neurons, part)
        kernel = placed.kernel
        top = 0 if placed.linear else kernel.top - stride * part.first_row
        left = 0 if placed.linear else kernel.left
        base = top // stride * row_stride + (left // stride << part.local_bits)
        block = placed.block
        fields = {
            "opcode": Opcode.INTEGRATE, "from_input": int(from_input),
            "linear": int(placed.linear), "direct": int(block is None),
            "streamed": int(half is not None), "halves": int(stride == 2),
            "lanes": placed.weights.lanes, "kernel": kernel.kernel, "top": top, "left": left,
            "height": source.height, "width": source.width, "channels": piece.channels,
            "block_channels": block or config.lanes, "source": start, "plane": plane,
            "pointer": (placed.pointer if half is None
                        else self.weights.half_pointer(half)),
            "offset": group.offset, "out_height": part.rows, "out_width": neurons.width,
            "local_bits": part.local_bits, "base": self._wrapped(base), "row_stride": row_stride}
        self._instruct(layer.name, IntegrateInstruction(config), fields)
        return GroupPlan(
            group=placed.group, step=step, source=group.source, first_channel=piece.first,
            slice=None if half is None else len(self.slices) - 1,
            entries=piece.rows * config.row_entries, fields=_plain(fields))

    def _fire(self, layer: Layer, part: Part, step: int, *, channel: int, spikes: int,
              ends: bool) -> FirePlan:
        network, config = self.network, self.config
        neurons = network.neuron_shapes[layer.name]
        is_output, is_leaky = network.is_output(layer), network.neuron == "lif"
        is_last = step == network.steps - 1
        never = 1 << (config.numbers.potential_bits - 1)
        places = neurons.channels - part.first_local * config.lanes
        fields = {
            "opcode": Opcode.SCORES if is_output and is_last else Opcode.FIRE,
            "leaky": int(is_leaky), "keeps": int(not is_last), "writes": int(not is_output),
            "ends": int(ends), "height": part.rows, "width": neurons.width,
            "channels": min(places, part.local_channels * config.lanes), "pool": layer.pool,
            "local_bits": part.local_bits, "row_stride": self._row_stride(neurons, part),
            "channel": channel, "spikes": spikes,
            "threshold": never if layer.threshold is None else min(layer.threshold, never),
            "leak": LEAK_ONE if layer.leak is None else layer.leak}
        self._instruct(layer.name, FireInstruction(config), fields)
        return FirePlan(step=step, first_local=part.first_local,
                        local_channels=part.local_channels, first_row=part.first_row,
                        rows=part.rows, fields=_plain(fields))

    def _row_stride(self, neurons: Shape, part: Part) -> int:
        return self._wrapped(neurons.width << part.local_bits)

    def _wrapped(self, address: int) -> int:
        """Return an address of a potential as the hardware counts: modulo a power of two."""
        return address % (1 << (self.config.potential_depth - 1).bit_length())

    def _channels(self, layer: Layer, local_channels: int) -> int:
        """Append biases and threshold steps of all lanes; return the address of the first."""
        config = self.config
        address = reserve(config, layer.name, "channel", self.channels_used, local_channels)
        self.channels_used += local_channels
        step = layer.threshold_step
        step = np.zeros(layer.channels, np.int64) if step is None else np.clip(
            step.astype(np.int64), 0, config.max_threshold_step)
        order = self.orders[layer.name]
        missing = (0, local_channels * config.lanes - layer.channels)
        bias, step = (np.pad(values.astype(np.int64)[order], missing)
                      for values in (layer.bias, step))
        for lane in range(config.lanes):
            own = slice(lane, None, config.lanes)
            self.channels[lane].append(
                pack(Channel(config), bias=bias[own], threshold_step=step[own]))
        return address

    def _instruct(self, layer: str, layout, fields: dict) -> None:
        reserve(self.config, layer, "instruction", len(self.instructions), 1)
        word = pack_one(layout, **fields)
        limbs = -(-Instruction(self.config).size // LIMB_BITS)
        self.instructions.append(np.pad(word, ((0, 0), (0, limbs - word.shape[1]))))

    def _notes(self, layers: tuple[LayerPlan, ...]) -> Iterator[str]:
        yield from self.weights.notes
        for layer, parts in zip(layers, self.weights.parts, strict=True):
            if len(parts) > 1:
                passes = len({part.first_local for part in parts})
                yield (f"layer {layer.name}: {passes} passes over its channels, {len(parts)} parts "
                       f"in all, as not more fits at once")
            for number in sorted({group.group for group in layer.groups}):
                plans = [group for group in layer.groups if group.group == number]
                own = [plan for plan in plans if plan.step == 0]
                block = max(plan.fields["block_channels"] for plan in own)
                how = ("used from the weight memory" if all(
                    plan.fields["direct"] for plan in own) else
                    f"buffered in blocks of up to {block} channels")
                yield (f"layer {layer.name}, group {number}: {len(plans)} instructions, at most "
                       f"{max(plan.entries for plan in own)} entries in the fullest lane, {how}")


def _plain(fields: dict) -> dict[str, int]:
    return {name: int(getattr(value, "value", value)) for name, value in fields.items()}
