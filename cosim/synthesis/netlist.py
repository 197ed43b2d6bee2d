"""The hierarchy of a synthesised processor: its blocks, their cells, and its memories."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from hw.config import Memory

__all__ = ["Block", "Netlist"]

RAM = "firstspike_ram"
# Lanes, and memories of a row, are numbered instances of one module. What follows "$" keeps names
# of Amaranth's apart.
NUMBER = re.compile(r"(?:\$\d+)?(?:_\d+)?(?:\$\d+)?$")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A component of the processor: all instances of it that have the same place.

    Parameters
    ----------
    path
        Names from the outside in, ``lane/filter/fifo``; the processor itself is ``processor``.
    instances
        How often it exists.
    own
        Cells of one instance by type, without those of the blocks inside it.
    cells
        The same with them.
    """

    path: str
    instances: int
    own: Counter
    cells: Counter

    def count(self, is_wanted: Callable[[str], object]) -> int:
        """Return how many cells of one instance have a type that is wanted."""
        return sum(number for kind, number in self.cells.items() if is_wanted(kind))


class Netlist:
    """What Yosys wrote as JSON, hierarchy kept and memories left as modules ``firstspike_ram``.

    Parameters
    ----------
    design
        The parsed JSON.
    top
        Name of the top module.
    """

    def __init__(self, design: dict, top: str):
        self._modules, self._top = design["modules"], top

    @cached_property
    def blocks(self) -> dict[str, Block]:
        """Blocks by path, the outermost first, each followed by those inside it."""
        found: dict[str, list] = {}
        for path, module in self._walk():
            name = _place(path) or "processor"
            found.setdefault(name, []).append(module)
        return {name: Block(path=name, instances=len(modules), own=self._own(modules[0]),
                            cells=self._all(modules[0])) for name, modules in found.items()}

    @cached_property
    def memories(self) -> dict[str, Memory]:
        """Memories by path."""
        found: dict[str, list] = {}
        for path, module in self._walk(memories=True):
            sizes = self._modules[module]["parameter_default_values"]
            found.setdefault(_place(path), []).append(
                (int(sizes["DEPTH"], 2), int(sizes["WIDTH"], 2)))
        return {name: Memory(*sizes[0], len(sizes)) for name, sizes in found.items()}

    def block_of(self, signal: str) -> str:
        """Return the path of the block that a flattened signal, ``lane_3.decoder.x``, is in."""
        parts = signal.split(".")
        known = self.blocks.keys() | self.memories.keys()
        for end in range(len(parts), 0, -1):
            if (place := _place(parts[:end])) in known:
                return place
        return "processor"

    def _walk(self, *, memories: bool = False) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield (names of instances, module) of every block, or of every memory."""
        def visit(path, module):
            if (RAM in module) == memories:
                yield path, module
            for name, cell in sorted(self._modules[module]["cells"].items()):
                if cell["type"] in self._modules:
                    yield from visit((*path, name), cell["type"])
        yield from visit((), self._top)

    def _own(self, module: str) -> Counter:
        return Counter(cell["type"] for cell in self._modules[module]["cells"].values()
                       if cell["type"] not in self._modules)

    def _all(self, module: str) -> Counter:
        inside = (self._all(cell["type"]) for cell in self._modules[module]["cells"].values()
                  if cell["type"] in self._modules)
        return sum(inside, self._own(module))


def _place(names: Iterable[str]) -> str:
    """Return the path of instances with these names."""
    return "/".join(NUMBER.sub("", name, count=1) for name in names)
