"""A program: what is loaded into a processor to make it run one network."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..config import Configuration
from ..layout import LOADED, PacketHeader, Target
from ..network import Network, Shape, write_whole
from .packing import pack_one, stream_words

__all__ = ["GroupPlan", "LayerPlan", "Program", "write_program"]

FORMAT, VERSION = "firstspike-program", 1


@dataclass(frozen=True, kw_only=True)
class GroupPlan:
    """One synapse group as the processor sees it; ``fields`` are those of its instruction."""

    source: str
    fields: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class LayerPlan:
    """One layer as the processor sees it.

    Lane l fires ``local_channels`` or one fewer channels, those of its channels that exist.
    ``fields`` are those of the fire instruction.
    """

    name: str
    neurons: Shape
    local_channels: int
    groups: tuple[GroupPlan, ...]
    fields: dict[str, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Program:
    """Memory contents and plan of one network on one configuration.

    Parameters
    ----------
    contents
        Words of each loaded memory, but the pixels: one sequence for each lane, or one in all.
    used
        Words in use of each kind of memory, in the lane that uses most.
    """

    network: Network
    config: Configuration
    layers: tuple[LayerPlan, ...]
    contents: dict[Target, list]
    used: dict[str, int]

    @property
    def classes(self) -> int:
        """Number of scores."""
        return self.layers[-1].neurons.channels

    @cached_property
    def load_words(self) -> np.ndarray:
        """The load stream that brings the program into the processor, uint32."""
        return np.concatenate([
            self._packet(target, lane, words)
            for target, owners in self.contents.items() for lane, words in enumerate(owners)])

    def image_words(self, image: np.ndarray) -> np.ndarray:
        """Return the load stream of one image, uint8 [C, H, W]."""
        return self._packet(Target.PIXEL, 0, image.reshape(-1))

    def _packet(self, target: Target, lane: int, words) -> np.ndarray:
        header = pack_one(PacketHeader(), target=target, lane=lane)
        width = self.config.memories[LOADED[target]].width_bits
        return np.concatenate([
            np.array([header, 0, len(words)], np.uint32), stream_words(words, width)])


def write_program(program: Program, directory: Path) -> None:
    """Write ``program.hex`` (load stream, one word a line) and ``program.json`` (the plan)."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    plan = {
        "format": FORMAT, "version": VERSION, "network": program.network.name,
        "config": program.config.name, "config_sha256": program.config.sha256,
        "load_words": len(program.load_words),
        "memories": {
            name: {"words": memory.words, "width_bits": memory.width_bits,
                   "instances": memory.instances, "used": program.used.get(name)}
            for name, memory in program.config.memories.items()},
        "layers": [
            {"name": layer.name, "neurons": list(layer.neurons),
             "local_channels": layer.local_channels, "fire": layer.fields,
             "groups": [{"source": group.source} | group.fields for group in layer.groups]}
            for layer in program.layers]}
    hexadecimal = "".join(f"{word:08x}\n" for word in program.load_words)
    write_whole(directory / "program.hex", hexadecimal.encode())
    write_whole(directory / "program.json", f"{json.dumps(plan, indent=1)}\n".encode())
