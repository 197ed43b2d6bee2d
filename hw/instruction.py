"""The instructions of the processor."""

from amaranth import *
from amaranth.lib import data, enum
from amaranth.utils import ceil_log2

from .config import Configuration
from .numbers import LEAK_ONE, MAX_OFFSET

__all__ = ["MAX_CHANNELS", "MAX_POOL", "MAX_SIDE", "MAX_STRIDE", "FireInstruction", "Instruction",
           "IntegrateInstruction", "Opcode"]

# Largest map side and channel count that an instruction can name.
MAX_SIDE, MAX_CHANNELS = 255, 16384
# Largest side of a pooling window, and stride of a kernel.
MAX_POOL, MAX_STRIDE = 3, 2


class Opcode(enum.Enum, shape=2):
    """What an instruction does."""

    #: Add one synapse group, or a part of one, to the potentials.
    INTEGRATE = 0
    #: Fire neurons, pool, write their spikes, clear or leak their potentials.
    FIRE = 1
    #: Read potentials of the output layer out as scores and clear them.
    SCORES = 2


class IntegrateInstruction(data.StructLayout):
    """A synapse group, or that part of one which fits: some channels in, some out, some rows.

    The first ``lanes`` lanes own an output channel of it; the others do not listen.
    ``source`` is the address of the first spike row or pixel, ``plane`` the pixels of one input
    channel. Source position (y, x) reaches output row (y + ``top`` - tap row) / stride, and columns
    likewise with ``left``; ``halves``: the stride is 2. ``base`` is the potential of the source
    position (0, 0) at tap (0, 0), ``row_stride`` and 2^``local_bits`` the distance of potentials of
    neighbouring rows and columns. ``direct``: weights are used from the weight memory, without the
    buffer. ``linear``: every input neuron has its own pointer, in the order in which the map is
    scanned. ``streamed``: the weights are the next slice of the load stream.
    """

    def __init__(self, config: Configuration):
        super().__init__({
            "opcode": Opcode, "from_input": 1, "linear": 1, "direct": 1, "streamed": 1, "halves": 1,
            "lanes": range(config.lanes + 1), "kernel": range(config.max_kernel + 1),
            "top": range(-MAX_STRIDE * MAX_SIDE, MAX_SIDE), "left": range(-MAX_SIDE, MAX_SIDE),
            "height": range(MAX_SIDE + 1), "width": range(MAX_SIDE + 1),
            "channels": range(MAX_CHANNELS + 1), "block_channels": range(config.lanes + 1),
            "source": range(max(config.spike_depth, config.pixel_depth)),
            "plane": range(config.pixel_depth + 1),
            "pointer": range(config.pointer_depth), "offset": range(MAX_OFFSET + 1),
            "out_height": range(MAX_SIDE + 1), "out_width": range(MAX_SIDE + 1),
            "local_bits": range(ceil_log2(config.potential_depth) + 1),
            "base": range(config.potential_depth), "row_stride": range(config.potential_depth)})


class FireInstruction(data.StructLayout):
    """Neurons of one layer that fire together; ``SCORES`` reads them out instead.

    ``leaky``: they fire if they reach ``threshold``, which is then subtracted, else as time to
    first spike. ``keeps``: the potential stays, times ``leak`` / 256, for the next step.
    ``writes``: their spikes are written. ``ends``: with them ends the layer, and with ``SCORES``
    the program.
    """

    def __init__(self, config: Configuration):
        super().__init__({
            "opcode": Opcode, "leaky": 1, "keeps": 1, "writes": 1, "ends": 1,
            "height": range(MAX_SIDE + 1), "width": range(MAX_SIDE + 1),
            "channels": range(MAX_CHANNELS + 1), "pool": range(MAX_POOL + 1),
            "local_bits": range(ceil_log2(config.potential_depth) + 1),
            "row_stride": range(config.potential_depth),
            "channel": range(config.channel_depth), "spikes": range(config.spike_depth),
            "threshold": config.numbers.potential_bits, "leak": range(LEAK_ONE + 1)})


class Instruction(data.UnionLayout):
    """An instruction, seen as each of its kinds; all begin with the opcode."""

    def __init__(self, config: Configuration):
        super().__init__({
            "opcode": Opcode, "integrate": IntegrateInstruction(config),
            "fire": FireInstruction(config)})
