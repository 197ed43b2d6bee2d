"""The configuration of a processor: one frozen object that drives compiler, RTL and reports."""

import hashlib
import json
import re
import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from .numbers import NumberFormat

__all__ = ["CONFIGURATIONS", "LIVE_BLOCKS", "LIVE_SLICES", "Configuration", "ConfigurationError",
           "Memory", "load_configuration"]

NAME = re.compile(r"[A-Za-z0-9_.\-]+")
CHOICES = {"lanes": (2, 4, 8, 16, 32, 64, 128), "row_entries": (1, 2, 4),
           "stream_bits": (32, 64, 128, 256, 512)}
# Rule of each size: name -> (least, most). Depths are in words, of each lane where lanes own them.
RANGES = {
    "queue_depth": (2, 64), "skip_bits": (1, 8), "max_kernel": (3, 7),
    "weight_depth": (16, 1 << 20), "weight_buffer_depth": (2, 1 << 16),
    "pointer_depth": (2, 1 << 20), "potential_depth": (2, 1 << 20), "channel_depth": (2, 1 << 16),
    "spike_depth": (2, 1 << 20), "pixel_depth": (2, 1 << 20), "instruction_depth": (2, 1 << 14),
    "layer_depth": (2, 1 << 10)}
# Blocks of input channels whose weights are in the buffers, or on their way, at any time.
LIVE_BLOCKS = 2
# Slices of streamed weights on chip: the one at work, and the next.
LIVE_SLICES = 2
POWERS_OF_TWO = ("weight_buffer_depth",)


class ConfigurationError(ValueError):
    """A configuration breaks a rule or does not exist; the message is one line."""


class Memory(NamedTuple):
    """Size of one kind of memory."""

    words: int
    width_bits: int
    instances: int

    @property
    def bits(self) -> int:
        """Bits of all instances together."""
        return self.words * self.width_bits * self.instances


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Sizes of one processor.

    Parameters
    ----------
    name
        For readers.
    lanes
        Processing lanes; the channel at place p belongs to lane p mod ``lanes``. A power of two.
    queue_depth
        Events that a lane may lag behind the dispatcher.
    row_entries
        Weight entries that a lane reads, or copies, in one cycle: 1, 2 or 4. Only one of them is
        worked off in a cycle, but entries that need no work cost no time.
    skip_bits
        Width of the run of zeros in front of each stored weight.
    max_kernel
        Largest side of a kernel; larger ones are cut into several.
    stream_bits
        Width of the load stream.
    weight_depth, weight_buffer_depth, pointer_depth, potential_depth, channel_depth, spike_depth
        Sizes of each lane's memories: weight entries, buffered weight entries (powers of two),
        pointers (one per input channel, or per input neuron of a linear layer), potentials,
        channels (bias and threshold), spike codes.
    pixel_depth, instruction_depth, layer_depth
        Words of the memories that the lanes share; layers that are counted apart.
    leaky
        Whether the lanes can run leaky integrate-and-fire neurons.
    counters
        Whether the activity counters exist.
    deep_pipeline
        Whether registers stand behind the memories and in the longest steps: a faster clock, for
        some cycles more at the end of each synapse group and layer.
    numbers
        Number format; comes from the network.

    Raises :class:`ConfigurationError` that names field, rule and value.
    """

    name: str
    lanes: int
    queue_depth: int = 8
    row_entries: int = 2
    skip_bits: int = 4
    max_kernel: int = 3
    stream_bits: int = 32
    weight_depth: int
    weight_buffer_depth: int
    pointer_depth: int
    potential_depth: int
    channel_depth: int
    spike_depth: int
    pixel_depth: int
    instruction_depth: int = 256
    layer_depth: int = 64
    leaky: bool = True
    counters: bool = True
    deep_pipeline: bool = False
    numbers: NumberFormat = field(default_factory=NumberFormat)

    def __post_init__(self):
        if type(self.name) is not str or not NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"name must be letters, digits, '_', '.' and '-', not {self.name!r}")
        for name in ("counters", "deep_pipeline", "leaky"):
            value = getattr(self, name)
            if type(value) is not bool:
                raise ConfigurationError(f"{name} must be true or false, not {value!r}")
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if type(value) is not int or value not in choices:
                raise ConfigurationError(f"{name} must be one of {choices}, not {value!r}")
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise ConfigurationError(f"{name} must be {low} to {high}, not {value!r}")
        for name in POWERS_OF_TWO:
            if getattr(self, name).bit_count() != 1:
                raise ConfigurationError(
                    f"{name} must be a power of two, not {getattr(self, name)}")
        for name in ("weight_depth", "weight_buffer_depth"):
            if getattr(self, name) % self.row_entries:
                raise ConfigurationError(f"{name} must be a multiple of row_entries "
                                         f"({self.row_entries}), not {getattr(self, name)}")
        if self.weight_buffer_depth < 2 * self.row_entries:
            raise ConfigurationError(f"weight_buffer_depth must be at least two rows of "
                                     f"{self.row_entries}, not {self.weight_buffer_depth}")

    @property
    def sha256(self) -> str:
        """SHA-256 over every field, in hex."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def spike_bits(self) -> int:
        """Width of a spike code: 0 … T−1, or T for silence."""
        return self.numbers.silence.bit_length()

    @property
    def entry_bits(self) -> int:
        """Width of a stored weight: the zeros before it, and its code."""
        return self.skip_bits + self.numbers.weight_bits

    @property
    def max_threshold_step(self) -> int:
        """Threshold step from which on a channel is silent at any potential."""
        return self.numbers.level(self.numbers.potential_max) + self.numbers.window

    @cached_property
    def memories(self) -> dict[str, Memory]:
        """Every memory of the processor, by name."""
        from .layout import memory_widths  # layouts are Amaranth's; keep this module light

        depths = {
            "weight": self.weight_depth // self.row_entries,
            "weight_buffer": self.weight_buffer_depth // self.row_entries,
            "pointer": self.pointer_depth, "pointer_buffer": LIVE_BLOCKS * self.lanes,
            "potential": self.potential_depth, "channel": self.channel_depth,
            "spike": self.spike_depth, "pixel": self.pixel_depth, "input_table": 256,
            "instruction": self.instruction_depth}
        shared = ("pixel", "input_table", "instruction")
        # One memory for each entry of a row.
        rows = {"weight": self.row_entries, "weight_buffer": self.row_entries}
        return {name: Memory(depths[name], width,
                             1 if name in shared else self.lanes * rows.get(name, 1))
                for name, width in memory_widths(self).items()}


DEMO = {"lanes": 16, "weight_depth": 1024, "weight_buffer_depth": 128, "pointer_depth": 1024,
        "potential_depth": 256, "channel_depth": 64, "spike_depth": 512, "pixel_depth": 256,
        "layer_depth": 16}
VGG = {"lanes": 64, "skip_bits": 7, "stream_bits": 128, "weight_depth": 16384,
       "weight_buffer_depth": 512, "pointer_depth": 16384, "potential_depth": 1024,
       "channel_depth": 128, "spike_depth": 8192, "pixel_depth": 16384,
       "instruction_depth": 1024}

CONFIGURATIONS = {config.name: config for config in (
    # For tests: everything but the lanes is generous.
    Configuration(
        name="tiny", lanes=4, max_kernel=7, weight_depth=16384, weight_buffer_depth=512,
        pointer_depth=16384, potential_depth=2048, channel_depth=2048, spike_depth=16384,
        pixel_depth=16384, instruction_depth=4096),
    # For the embedded data set.
    Configuration(name="demo", **DEMO),
    # The same with a faster clock, for an FPGA.
    Configuration(name="fpga", **DEMO, deep_pipeline=True),
    # For a VGG-16 of half width with 33 times fewer weights: small memories, for little energy.
    Configuration(name="compact", **(VGG | {
        "lanes": 32, "weight_depth": 5120, "weight_buffer_depth": 256, "pointer_depth": 3072,
        "potential_depth": 256, "spike_depth": 2048, "pixel_depth": 4096,
        "instruction_depth": 512})),
    # For a VGG-16 with 33 times fewer weights, all of them resident.
    Configuration(name="vgg", **VGG),
    # For a VGG-16 with 10 times fewer weights, resident, or a dense one, streamed.
    Configuration(name="vgg-dense", **(VGG | {
        "weight_depth": 32768, "weight_buffer_depth": 2048, "stream_bits": 256})),
)}


def load_configuration(name_or_path: str, numbers: NumberFormat) -> Configuration:
    """Return a named configuration, or one from a TOML file, with the given number format.

    A TOML file sets fields of ``Configuration``; its key ``base`` names the configuration that
    the other fields come from. Raises :class:`ConfigurationError`, or ``OSError``.
    """
    if name_or_path in CONFIGURATIONS:
        return replace(CONFIGURATIONS[name_or_path], numbers=numbers)
    path = Path(name_or_path)
    if path.suffix != ".toml":
        raise ConfigurationError(f"config must be one of {', '.join(CONFIGURATIONS)} or a .toml "
                                 f"file, not {name_or_path!r}")
    try:
        return replace(_from_toml(path), numbers=numbers)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from None


def _from_toml(path: Path) -> Configuration:
    try:
        settings = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"not a TOML file ({error})") from None
    base = settings.pop("base", None)
    if type(base) is not str or base not in CONFIGURATIONS:
        raise ConfigurationError(f"base must be one of {', '.join(CONFIGURATIONS)}, not {base!r}")
    known = {field.name for field in fields(Configuration)} - {"numbers"}
    for key in sorted(set(settings) - known):
        raise ConfigurationError(f"unknown key {key!r}")
    settings = {"name": re.sub(r"[^A-Za-z0-9_.\-]+", "-", path.stem)} | settings
    return replace(CONFIGURATIONS[base], **settings)
