"""A program: what is loaded into a processor to make it run one network."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..config import Configuration
from ..network import Network, Shape, write_whole
from .packets import END_OF_INFERENCE, Packet, image_packet, to_beats

__all__ = ["FirePlan", "GroupPlan", "LayerPlan", "Program", "write_program"]

FORMAT, VERSION = "firstspike-program", 2


@dataclass(frozen=True, kw_only=True)
class GroupPlan:
    """One INTEGRATE instruction.

    Parameters
    ----------
    group, step
        Synapse group of its layer, and time step (0 but for ``lif``).
    source
        Map that it reads.
    first_channel
        First input channel of it, in the order of the map's places.
    slice
        Index of its weights among the program's slices; ``None`` if they are resident.
    entries
        Weight entries of the fullest lane.
    fields
        Those of the instruction.
    """

    group: int
    step: int
    source: str
    first_channel: int
    slice: int | None
    entries: int
    fields: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class FirePlan:
    """One FIRE or SCORES instruction: local channels and rows of every lane that fire together.

    ``fields`` are those of the instruction.
    """

    step: int
    first_local: int
    local_channels: int
    first_row: int
    rows: int
    fields: dict[str, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerPlan:
    """One layer as the processor sees it.

    Place p of a map lies in lane p mod L, as its local channel p div L; it holds output channel
    ``order[p]``. ``instructions`` are in the order of the program.
    """

    name: str
    neurons: Shape
    order: np.ndarray
    instructions: tuple[GroupPlan | FirePlan, ...]

    @property
    def groups(self) -> list[GroupPlan]:
        """The INTEGRATE instructions."""
        return [plan for plan in self.instructions if isinstance(plan, GroupPlan)]

    @property
    def fires(self) -> list[FirePlan]:
        """The FIRE and SCORES instructions."""
        return [plan for plan in self.instructions if isinstance(plan, FirePlan)]


@dataclass(frozen=True, kw_only=True, eq=False)
class Program:
    """Memory contents and plan of one network on one configuration.

    Parameters
    ----------
    packets
        Loaded once.
    slices
        Loaded during each inference, one after the other: the weights that are not resident.
    used
        Words in use of each kind of memory, in the lane that uses most.
    notes
        What the compiler decided and why, one line each.
    """

    network: Network
    config: Configuration
    layers: tuple[LayerPlan, ...]
    packets: tuple[Packet, ...]
    slices: tuple[tuple[Packet, ...], ...]
    used: dict[str, int]
    notes: tuple[str, ...]

    @property
    def classes(self) -> int:
        """Number of scores."""
        return self.layers[-1].neurons.channels

    @cached_property
    def load_words(self) -> np.ndarray:
        """The load stream that brings the program into the processor, uint32 [beats, limbs]."""
        return to_beats(self.config, self.packets)

    @cached_property
    def streamed_words(self) -> np.ndarray:
        """The load stream of each inference, uint32 [beats, limbs], often none."""
        packets = [packet for packets in self.slices for packet in packets]
        return to_beats(self.config, [*packets, END_OF_INFERENCE] if packets else [])

    def image_words(self, image: np.ndarray) -> np.ndarray:
        """Return the load stream of one image, uint8 [C, H, W], as uint32 [beats, limbs]."""
        return to_beats(self.config, [image_packet(image)])


def write_program(program: Program, directory: Path) -> None:
    """Write ``program.hex`` and ``program.json`` (the plan).

    ``program.hex`` is the load stream, one beat a line, most significant digit first;
    ``streamed.hex``, if weights are streamed, what each inference loads.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    config = program.config
    plan = {
        "format": FORMAT, "version": VERSION, "network": program.network.name,
        "config": config.name, "config_sha256": config.sha256, "stream_bits": config.stream_bits,
        "load_beats": len(program.load_words), "streamed_beats": len(program.streamed_words),
        "memories": {
            name: {"words": memory.words, "width_bits": memory.width_bits,
                   "instances": memory.instances, "used": program.used.get(name)}
            for name, memory in config.memories.items()},
        "notes": list(program.notes),
        "layers": [
            {"name": layer.name, "neurons": list(layer.neurons), "order": layer.order.tolist(),
             "instructions": [_described(plan) for plan in layer.instructions]}
            for layer in program.layers]}
    write_whole(directory / "program.hex", _hexadecimal(program.load_words))
    if program.slices:
        write_whole(directory / "streamed.hex", _hexadecimal(program.streamed_words))
    write_whole(directory / "program.json", f"{json.dumps(plan, indent=1)}\n".encode())


def _described(plan: GroupPlan | FirePlan) -> dict:
    place = {name: value for name, value in vars(plan).items() if name != "fields"}
    return place | plan.fields


def _hexadecimal(beats: np.ndarray) -> bytes:
    digits = beats[:, ::-1].astype(">u4").tobytes().hex()
    width = 8 * beats.shape[1]
    return "".join(f"{digits[start:start + width]}\n"
                   for start in range(0, len(digits), width)).encode()
