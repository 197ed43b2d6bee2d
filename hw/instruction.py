"""The instructions of the processor."""

from amaranth import *
from amaranth.lib import data, enum
from amaranth.utils import ceil_log2

from .config import Configuration
from .numbers import MAX_OFFSET

__all__ = ["MAX_CHANNELS", "MAX_POOL", "MAX_SIDE", "FireInstruction", "Instruction",
           "IntegrateInstruction", "Opcode"]

# Largest map side and channel count that an instruction can name.
MAX_SIDE, MAX_CHANNELS = 255, 8192
# Largest side of a pooling window.
MAX_POOL = 3


class Opcode(enum.Enum, shape=2):
    """What an instruction does."""

    #: Add one synapse group to the potentials.
    INTEGRATE = 0
    #: Fire one layer, pool, write its spikes, clear its potentials.
    FIRE = 1
    #: Read the potentials of the output layer out as scores, clear them, and stop.
    SCORES = 2


class IntegrateInstruction(data.StructLayout):
    """One synapse group.

    ``source`` is the address of the source map's first spike row or pixel, ``plane`` the pixels of
    one input channel. ``base`` is the potential of map position (padding, padding), ``row_stride``
    and 2^``local_bits`` the distance of potentials of neighbouring rows and columns. ``direct``:
    weights are used from the weight memory, without the buffer. ``linear``: every input neuron has
    its own pointer, in the order in which the map is scanned.
    """

    def __init__(self, config: Configuration):
        super().__init__({
            "opcode": Opcode, "from_input": 1, "linear": 1, "direct": 1,
            "kernel": range(config.max_kernel + 1), "padding": range(config.max_kernel),
            "height": range(MAX_SIDE + 1), "width": range(MAX_SIDE + 1),
            "channels": range(MAX_CHANNELS + 1), "block_channels": range(config.lanes + 1),
            "source": range(max(config.spike_depth, config.pixel_depth)),
            "plane": range(config.pixel_depth + 1),
            "pointer": range(config.pointer_depth), "offset": range(MAX_OFFSET + 1),
            "out_height": range(MAX_SIDE + 1), "out_width": range(MAX_SIDE + 1),
            "local_bits": range(ceil_log2(config.potential_depth) + 1),
            "base": range(config.potential_depth), "row_stride": range(config.potential_depth)})


class FireInstruction(data.StructLayout):
    """The neurons of one layer; ``SCORES`` reads those of the output layer out instead."""

    def __init__(self, config: Configuration):
        super().__init__({
            "opcode": Opcode, "height": range(MAX_SIDE + 1), "width": range(MAX_SIDE + 1),
            "channels": range(MAX_CHANNELS + 1), "pool": range(MAX_POOL + 1),
            "local_bits": range(ceil_log2(config.potential_depth) + 1),
            "row_stride": range(config.potential_depth),
            "channel": range(config.channel_depth), "spikes": range(config.spike_depth)})


class Instruction(data.UnionLayout):
    """An instruction, seen as each of its kinds; all begin with the opcode."""

    def __init__(self, config: Configuration):
        super().__init__({
            "opcode": Opcode, "integrate": IntegrateInstruction(config),
            "fire": FireInstruction(config)})
