"""Where things go in the memories of a processor."""

from dataclasses import dataclass, field

from ..config import Configuration

__all__ = ["CompileError", "Interval", "SpikeMemory", "reserve"]


class CompileError(ValueError):
    """A network cannot run on a configuration; one line that names layer, need and supply."""


def reserve(config: Configuration, layer: str, memory: str, used: int, wanted: int) -> int:
    """Return the first free word behind ``used`` words, or raise :class:`CompileError`."""
    words = config.memories[memory].words
    if used + wanted > words:
        owner = " in each lane" if config.memories[memory].instances > 1 else ""
        rest = f" beside {used} in use" if used else ""
        raise CompileError(f"layer {layer}: needs {wanted} words of {memory} memory{owner}{rest}, "
                           f"configuration {config.name} has {words}")
    return used


@dataclass(frozen=True)
class Interval:
    """Words ``start`` … ``stop - 1`` of a memory."""

    start: int
    stop: int


@dataclass
class SpikeMemory:
    """First-fit allocation of spike maps; a map is freed after its last reader."""

    config: Configuration
    maps: dict[str, Interval] = field(default_factory=dict)
    most_used: int = 0

    def allocate(self, layer: str, words: int) -> int:
        """Return the address of a free stretch of words for a layer's spikes."""
        start = 0
        for taken in sorted(self.maps.values(), key=lambda taken: taken.start):
            if taken.start - start >= words:
                break
            start = max(start, taken.stop)
        size = self.config.memories["spike"].words
        if start + words > size:
            live = sum(taken.stop - taken.start for taken in self.maps.values())
            raise CompileError(
                f"layer {layer}: needs {words} words of spike memory in each lane beside {live} "
                f"of maps still to be read, configuration {self.config.name} has {size}")
        self.maps[layer] = Interval(start, start + words)
        self.most_used = max(self.most_used, start + words)
        return start

    def free_unless(self, needed: set[str]) -> None:
        """Free all maps but the needed ones."""
        self.maps = {name: taken for name, taken in self.maps.items() if name in needed}
