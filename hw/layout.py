"""Layouts of everything that is stored in the processor or travels between its blocks."""

from collections.abc import Collection

from amaranth import *
from amaranth.lib import data, enum

from .config import Configuration
from .instruction import Instruction
from .network.model import NO_EVENT
from .network.validation import MAX_EVENTS_PER_PIXEL
from .numbers import MAX_OFFSET

__all__ = ["LANE_TARGETS", "LOADED", "STREAMED_TARGETS", "Channel", "Entry", "EntryRow", "Event",
           "Fault", "LoadedWord", "Neuron", "PacketHeader", "Pointer", "QueuedEvent", "Row",
           "Status", "TapDistances", "TapEntry", "Target", "Visit", "exponent_bits", "load_slots",
           "loaded_bits", "memory_widths", "row_slots", "slot_bits"]

INPUT_EXPONENT_BITS = 7
# Width of an address in a load packet.
ADDRESS_BITS = 24


class Target(enum.Enum, shape=4):
    """What a load packet is for: a memory, or the end of a slice of streamed weights."""

    WEIGHT = 0
    POINTER = 1
    CHANNEL = 2
    PIXEL = 3
    INPUT_TABLE = 4
    INSTRUCTION = 5
    SLICE = 6


# Memory that each target names.
LOADED = {target: target.name.lower() for target in Target if target != Target.SLICE}
# Targets whose memories belong to the lanes, and those that may be loaded during an inference.
LANE_TARGETS = (Target.WEIGHT, Target.POINTER, Target.CHANNEL)
STREAMED_TARGETS = (Target.WEIGHT, Target.POINTER, Target.SLICE)


class Fault(enum.Enum, shape=4):
    """Why a processor has stopped until reset."""

    NONE = 0
    #: The header of a load packet names no memory.
    TARGET = 1
    #: It names a lane that does not exist.
    LANE = 2
    #: Its words do not fit between the address and the end of the memory.
    LENGTH = 3
    #: An instruction has an unknown opcode.
    OPCODE = 4
    #: The instruction memory ends before the scores.
    UNENDING = 5
    #: An instruction has a size of zero, or one beyond what the processor has.
    OPERAND = 6
    #: An instruction or a pointer leads beyond the end of a memory.
    ADDRESS = 7
    #: Nothing moves any more: a block of weights cannot fit its buffer, or the load stream has
    #: something else where the program waits for weights.
    STALL = 8


class Status(data.Struct):
    """State of a processor: ``ready`` for a start command or a load packet, or stopped by a fault.

    Neither: it runs, or sweeps its potentials after reset.
    """

    ready: 1
    fault: Fault


class Entry(data.StructLayout):
    """A stored weight: ``skip`` zero weights, then this one. ``code`` 0 only bridges zeros."""

    def __init__(self, config: Configuration):
        super().__init__({
            "magnitude": config.numbers.weight_bits - 1, "negative": 1, "skip": config.skip_bits})


class EntryRow(data.ArrayLayout):
    """Stored weights that are read, copied and loaded together."""

    def __init__(self, config: Configuration):
        super().__init__(Entry(config), config.row_entries)


class Pointer(data.StructLayout):
    """Where a lane's weights of one input channel are, and which kernel taps hold one.

    Bit ``row * kernel + column`` of ``taps`` stands for the tap (row, column).
    """

    def __init__(self, config: Configuration):
        super().__init__({
            "start": range(config.weight_depth + 1), "count": range(config.weight_depth + 1),
            "taps": config.max_kernel ** 2})


class Channel(data.StructLayout):
    """What a channel needs to fire."""

    def __init__(self, config: Configuration):
        super().__init__({
            "bias": signed(config.numbers.potential_bits),
            "threshold_step": range(config.max_threshold_step + 1)})


def exponent_bits(config: Configuration) -> int:
    """Width of a spike's exponent with the offset of its synapse group."""
    largest = max((1 << INPUT_EXPONENT_BITS) - 1, config.numbers.window - 1)
    return (largest + MAX_OFFSET).bit_length()


class Visit(data.StructLayout):
    """One place of a source map to read: a row of spike codes, or a pixel.

    ``slots`` are the spike banks to read, ``pointer`` the pointer of slot 0 or of the pixel. The
    other fields are as in :class:`Event`; ``marker``: the last visit of a block. Nothing is read
    unless ``is_useful``: some tap falls inside the map.
    """

    def __init__(self, config: Configuration):
        super().__init__({
            "address": range(max(config.spike_depth, config.pixel_depth)), "slots": config.lanes,
            "is_useful": 1, "is_pixel": 1, "marker": 1, "pointer": range(config.pointer_depth),
            "base": range(config.potential_depth), "taps": config.max_kernel ** 2})


class Row(data.StructLayout):
    """What a visit found: the spikes at one position, one slot for each bank, or a pixel's events.

    ``heard`` are the slots that hold one. A spike's pointer is ``pointer`` plus its slot; the
    events of a pixel share theirs.
    """

    def __init__(self, config: Configuration):
        slots = row_slots(config)
        super().__init__({
            "codes": data.ArrayLayout(slot_bits(config), slots), "heard": slots,
            "is_pixel": 1, "marker": 1, "pointer": range(config.pointer_depth),
            "base": range(config.potential_depth), "taps": config.max_kernel ** 2})


def row_slots(config: Configuration) -> int:
    """Slots of a row: one for each lane, and enough for the events of a pixel."""
    return max(config.lanes, MAX_EVENTS_PER_PIXEL)


def slot_bits(config: Configuration) -> int:
    """Width of a slot's code: a spike code or an exponent of the input table."""
    return max(config.spike_bits, INPUT_EXPONENT_BITS)


class Event(data.StructLayout):
    """One spike on its way to all lanes; or, if ``marker``, the end of a block.

    ``pointer`` is the address of the weights' pointer; ``base`` the potential that tap (0, 0) of
    local channel 0 would reach; ``taps`` those that fall inside the map, as in a pointer.
    """

    def __init__(self, config: Configuration):
        super().__init__({
            "marker": 1, "pointer": range(config.pointer_depth),
            "exponent": exponent_bits(config), "base": range(config.potential_depth),
            "taps": config.max_kernel ** 2})


class QueuedEvent(data.StructLayout):
    """An event that meets weights of a lane, and where they are."""

    def __init__(self, config: Configuration):
        super().__init__({
            "marker": 1, "start": range(config.weight_depth + 1),
            "count": range(config.weight_depth + 1),
            "exponent": exponent_bits(config), "base": range(config.potential_depth),
            "taps": config.max_kernel ** 2})


class TapDistances(data.ArrayLayout):
    """Potentials between an event's base and each tap of the kernel, modulo the memory."""

    def __init__(self, config: Configuration):
        super().__init__(range(config.potential_depth), config.max_kernel ** 2)


class TapEntry(data.StructLayout):
    """A distance that is being entered in a table of :class:`TapDistances`."""

    def __init__(self, config: Configuration):
        super().__init__({"valid": 1, "tap": range(config.max_kernel ** 2),
                          "distance": range(config.potential_depth)})


class Neuron(data.StructLayout):
    """One neuron in each of the first ``lanes`` lanes, to be fired or read out.

    ``address`` is its potential; ``channel`` its bias and threshold, read if ``new_channel``.
    ``first`` and ``last`` bound its pooling window; ``last`` writes the spike code at ``spike``.
    """

    def __init__(self, config: Configuration):
        super().__init__({
            "address": range(config.potential_depth), "lanes": range(config.lanes + 1),
            "new_channel": 1, "channel": range(config.channel_depth),
            "first": 1, "last": 1, "spike": range(config.spike_depth)})


class PacketHeader(data.StructLayout):
    """Beginning of a load packet: memory, first lane, first address, number of addresses."""

    def __init__(self):
        super().__init__({"target": 8, "lane": 16, "reserved": 8, "address": 32, "count": 32})


class LoadedWord(data.StructLayout):
    """A word for one memory, one of those that some targets name."""

    def __init__(self, config: Configuration, targets: Collection[Target]):
        super().__init__({
            "target": Target,
            "address": range(max(config.memories[LOADED[target]].words for target in targets)),
            "data": max(loaded_bits(config, target) for target in targets)})


def loaded_bits(config: Configuration, target: Target) -> int:
    """Width of a loaded word: a word of its memory, or a row of weights."""
    width = memory_widths(config)[LOADED[target]]
    return config.row_entries * width if target == Target.WEIGHT else width


def load_slots(config: Configuration, target: Target) -> tuple[int, int]:
    """Return how many words a beat of the load stream carries, and how many beats a word takes.

    One of the two is 1. Words of one beat go to the same address of neighbouring lanes; each
    begins at a multiple of 32 bits, that is a power of two.
    """
    width = loaded_bits(config, target)
    if width > config.stream_bits:
        return 1, -(-width // config.stream_bits)
    if target not in LANE_TARGETS:
        return 1, 1
    return min(config.lanes, config.stream_bits // max(32, 1 << (width - 1).bit_length())), 1


def memory_widths(config: Configuration) -> dict[str, int]:
    """Return the width in bits of a word of each memory, by the memory's name."""
    width = {
        "weight": Entry(config), "weight_buffer": Entry(config), "pointer": Pointer(config),
        "pointer_buffer": Pointer(config), "channel": Channel(config),
        "instruction": Instruction(config)}
    return {name: layout.size for name, layout in width.items()} | {
        "potential": config.numbers.potential_bits, "spike": config.spike_bits, "pixel": 8,
        "input_table": NO_EVENT.bit_length() * MAX_EVENTS_PER_PIXEL}
