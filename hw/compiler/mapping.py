"""From a network to a program, layer by layer."""

import numpy as np

from ..config import Configuration
from ..instruction import (
    MAX_CHANNELS,
    MAX_POOL,
    MAX_SIDE,
    FireInstruction,
    IntegrateInstruction,
    Opcode,
)
from ..layout import Channel, Entry, Pointer, Target
from ..network import INPUT, Layer, Network, Shape, Synapses
from ..network.model import NO_EVENT
from ..network.validation import MAX_EVENTS_PER_PIXEL
from .allocation import CompileError, SpikeMemory, reserve
from .packing import pack, pack_one
from .program import GroupPlan, LayerPlan, Program
from .weight_runs import WeightRuns, encode_runs

__all__ = ["compile_network"]

# Up to so many positions of a source map, weights are used too rarely to be worth a copy.
DIRECT_POSITIONS = 4


def compile_network(network: Network, config: Configuration) -> Program:
    """Map a valid network onto a configuration.

    Raises :class:`CompileError` if the configuration cannot run it: the layer, what it needs and
    what there is.
    """
    if config.numbers != network.numbers:
        raise CompileError(f"configuration {config.name} must have the network's number format")
    if network.neuron != "ttfs":
        raise CompileError(f"network {network.name}: neuron must be ttfs, not {network.neuron}")
    return _Compiler(network, config).run()


class _Compiler:
    """Running totals of one compilation."""

    def __init__(self, network: Network, config: Configuration):
        self.network, self.config = network, config
        self.spikes = SpikeMemory(config)
        self.weights  = [[] for _ in range(config.lanes)]
        self.pointers = [[] for _ in range(config.lanes)]
        self.channels = [[] for _ in range(config.lanes)]
        self.weights_used = np.zeros(config.lanes, np.int64)
        self.pointers_used = self.channels_used = self.potentials_used = 0
        self.instructions: list[int] = []

    def run(self) -> Program:
        network, config = self.network, self.config
        reserve(config, network.layers[0].name, "pixel", 0, network.input_shape.size)
        layers = tuple(self._layer(index, layer) for index, layer in enumerate(network.layers))
        table = np.full((256, MAX_EVENTS_PER_PIXEL), NO_EVENT, np.uint8)
        table[:, :network.exponents.shape[1]] = network.exponents
        return Program(
            network=network, config=config, layers=layers,
            contents={
                Target.WEIGHT: [np.concatenate(words) for words in self.weights],
                Target.POINTER: [np.concatenate(words) for words in self.pointers],
                Target.CHANNEL: [np.concatenate(words) for words in self.channels],
                Target.INPUT_TABLE: [table.view("<u8")[:, 0]],
                Target.INSTRUCTION: [self.instructions]},
            used={
                "weight": int(self.weights_used.max()), "pointer": self.pointers_used,
                "potential": self.potentials_used, "channel": self.channels_used,
                "spike": self.spikes.most_used, "pixel": network.input_shape.size,
                "instruction": len(self.instructions)})

    def _layer(self, index: int, layer: Layer) -> LayerPlan:
        network, config = self.network, self.config
        neurons = network.neuron_shapes[layer.name]
        self._check_shape(layer.name, neurons)
        if layer.pool > MAX_POOL:
            raise CompileError(
                f"layer {layer.name}: pool must be at most {MAX_POOL}, not {layer.pool}")
        local_channels = -(-neurons.channels // config.lanes)
        local_bits = (local_channels - 1).bit_length()
        positions = neurons.height * neurons.width
        reserve(config, layer.name, "potential", 0, positions << local_bits)
        self.potentials_used = max(self.potentials_used, positions << local_bits)

        groups = tuple(self._group(layer, group, local_bits) for group in layer.synapses)
        is_output = network.is_output(layer)
        self.spikes.free_unless({
            group.source for later in network.layers[index + 1:] for group in later.synapses})
        pooled = network.spike_shapes[layer.name]
        fields = {
            "opcode": Opcode.SCORES if is_output else Opcode.FIRE,
            "height": neurons.height, "width": neurons.width, "channels": neurons.channels,
            "pool": layer.pool, "local_bits": local_bits,
            "row_stride": self._row_stride(neurons, local_bits),
            "channel": self._channels(layer, local_channels),
            "spikes": 0 if is_output else self.spikes.allocate(
                layer.name, local_channels * pooled.height * pooled.width)}
        self._instruct(layer.name, FireInstruction(config), fields)
        return LayerPlan(name=layer.name, neurons=neurons, local_channels=local_channels,
                         groups=groups, fields=_plain(fields))

    def _check_shape(self, layer: str, shape: Shape) -> None:
        if shape.channels > MAX_CHANNELS:
            raise CompileError(f"layer {layer}: a map must have at most {MAX_CHANNELS} channels "
                               f"(or pixels, into a linear group), not {shape.channels}")
        if max(shape.height, shape.width) > MAX_SIDE:
            raise CompileError(f"layer {layer}: a map must be at most {MAX_SIDE}x{MAX_SIDE}, "
                               f"not {shape.height}x{shape.width}")

    def _row_stride(self, neurons: Shape, local_bits: int) -> int:
        return self._wrapped(neurons.width << local_bits)

    def _wrapped(self, address: int) -> int:
        """Return an address of a potential as the hardware counts: modulo a power of two."""
        return address % (1 << (self.config.potential_depth - 1).bit_length())

    def _group(self, layer: Layer, group: Synapses, local_bits: int) -> GroupPlan:
        network, config = self.network, self.config
        if group.stride != 1:
            raise CompileError(f"layer {layer.name}: stride must be 1, not {group.stride}")
        if group.kernel > config.max_kernel:
            raise CompileError(f"layer {layer.name}: kernel must be at most {config.max_kernel} "
                               f"(configuration {config.name}), not {group.kernel}")
        neurons = network.neuron_shapes[layer.name]
        source = network.spike_shapes[group.source]
        from_input, linear = group.source == INPUT, group.kind == "linear"
        weights = group.weight.reshape(neurons.channels, -1, group.kernel ** 2)
        if linear and from_input:
            # Pixels lie in the order of the weights: a map of one position.
            source, linear = Shape(source.size, 1, 1), False
        elif linear:
            weights = weights[:, _scan_order(source, config.lanes)]
        self._check_shape(layer.name, source)

        runs = [encode_runs(weights[lane::config.lanes], local_bits=local_bits,
                            skip_bits=config.skip_bits) for lane in range(config.lanes)]
        direct, block = self._blocks(runs, source, linear)
        row_stride = self._row_stride(neurons, local_bits)
        origin = (neurons.width * group.padding + group.padding) << local_bits
        fields = {
            "opcode": Opcode.INTEGRATE, "from_input": int(from_input), "linear": int(linear),
            "direct": int(direct), "kernel": group.kernel, "padding": group.padding,
            "height": source.height, "width": source.width, "channels": source.channels,
            "block_channels": block,
            "source": 0 if from_input else self.spikes.maps[group.source].start,
            "plane": source.height * source.width if from_input else 0,
            "pointer": self._store(layer.name, runs, group.kernel), "offset": group.offset,
            "out_height": neurons.height, "out_width": neurons.width, "local_bits": local_bits,
            "base": self._wrapped(origin),
            "row_stride": row_stride}
        self._instruct(layer.name, IntegrateInstruction(config), fields)
        return GroupPlan(source=group.source, fields=_plain(fields))

    def _blocks(self, runs: list[WeightRuns], source: Shape, linear: bool) -> tuple[bool, int]:
        """Return whether weights are used without the buffer, and the channels of a block.

        The largest block of which two fit the buffer at once, else the largest that fits.
        """
        lanes = self.config.lanes
        if linear or source.height * source.width <= DIRECT_POSITIONS:
            return True, lanes
        counts = np.stack([lane.counts for lane in runs])
        sizes = [1 << bits for bits in reversed(range(lanes.bit_length()))]
        for together in (2, 1):
            for block in sizes:
                starts = np.arange(0, counts.shape[1], block)
                needed = np.add.reduceat(counts, starts, axis=1)
                if together == 2 and needed.shape[1] > 1:
                    needed = needed[:, 1:] + needed[:, :-1]
                if needed.max() <= self.config.weight_buffer_depth:
                    return False, block
        return True, lanes

    def _store(self, layer: str, runs: list[WeightRuns], kernel: int) -> int:
        """Append weights and pointers of all lanes; return the address of the first pointer."""
        config = self.config
        inputs = len(runs[0].counts)
        address = reserve(config, layer, "pointer", self.pointers_used, inputs)
        self.pointers_used += inputs
        side = config.max_kernel
        tap_bits = np.array([1 << (tap // kernel * side + tap % kernel)
                             for tap in range(kernel ** 2)], np.int64)
        for lane, run in enumerate(runs):
            used = reserve(config, layer, "weight", int(self.weights_used[lane]), len(run.code))
            self.weights[lane].append(pack(
                Entry(config), magnitude=np.abs(run.code), negative=(run.code < 0), skip=run.skip))
            self.pointers[lane].append(pack(
                Pointer(config), start=used + np.cumsum(run.counts) - run.counts,
                count=run.counts, taps=run.taps @ tap_bits))
            self.weights_used[lane] += len(run.code)
        return address

    def _channels(self, layer: Layer, local_channels: int) -> int:
        """Append biases and threshold steps of all lanes; return the address of the first."""
        config = self.config
        address = reserve(config, layer.name, "channel", self.channels_used, local_channels)
        self.channels_used += local_channels
        step = layer.threshold_step
        step = np.zeros(layer.channels, np.int64) if step is None else np.clip(
            step.astype(np.int64), 0, config.max_threshold_step)
        missing = (0, local_channels * config.lanes - layer.channels)
        bias, step = np.pad(layer.bias.astype(np.int64), missing), np.pad(step, missing)
        for lane in range(config.lanes):
            own = slice(lane, None, config.lanes)
            self.channels[lane].append(
                pack(Channel(config), bias=bias[own], threshold_step=step[own]))
        return address

    def _instruct(self, layer: str, layout, fields: dict) -> None:
        reserve(self.config, layer, "instruction", len(self.instructions), 1)
        self.instructions.append(pack_one(layout, **fields))


def _scan_order(source: Shape, lanes: int) -> np.ndarray:
    """Return the flat indices (C,H,W) of a map in the order in which the dispatcher meets them."""
    index = np.arange(source.size).reshape(source.channels, -1)
    return np.concatenate([index[first:first + lanes].T.reshape(-1)
                           for first in range(0, source.channels, lanes)])


def _plain(fields: dict) -> dict[str, int]:
    return {name: int(getattr(value, "value", value)) for name, value in fields.items()}
