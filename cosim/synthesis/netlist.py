"""The hierarchy of a synthesised processor: its blocks, their cells, and its memories."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property

from hw.config import Memory

__all__ = ["WHOLE", "Netlist"]

# Path of the processor itself.
WHOLE = "processor"
RAM = "firstspike_ram"
# Yosys' notes about dissolved boundaries, which are no cells.
NOTE = "$scopeinfo"
# Lanes, and memories of a row, are numbered instances of one module. What follows "$" keeps names
# of Amaranth's apart.
NUMBER = re.compile(r"(?:\$\d+)?(?:_\d+)?(?:\$\d+)?$")


class Netlist:
    """What Yosys wrote as JSON, with modules ``firstspike_ram`` for memories.

    Blocks and memories have the names of their instances from the outside in for paths, without
    numbers: ``lane/filter/fifo`` stands for that queue of every lane.

    Parameters
    ----------
    design
        The parsed JSON, with its hierarchy.
    top
        Name of the top module.
    flat
        The parsed JSON of the same design without hierarchy, if its cells are the ones to be
        counted: they belong to the block after whose signals Yosys named them.
    """

    def __init__(self, design: dict, top: str, *, flat: dict | None = None):
        self._modules, self._top, self._flat = design["modules"], top, flat

    @cached_property
    def instances(self) -> dict[str, int]:
        """How often each block exists, by path; an outer one comes before those inside it."""
        return dict(Counter(_place(path) or WHOLE for path, _ in self._walk(memories=False)))

    @cached_property
    def memories(self) -> dict[str, Memory]:
        """Memories by path."""
        found: dict[str, list] = {}
        for path, module in self._walk(memories=True):
            sizes = self._modules[module]["parameter_default_values"]
            found.setdefault(_place(path), []).append(
                (int(sizes["DEPTH"], 2), int(sizes["WIDTH"], 2)))
        return {path: Memory(*sizes[0], len(sizes)) for path, sizes in found.items()}

    @cached_property
    def cells(self) -> dict[str, Counter]:
        """Cells by type of all instances of a block and of what is inside it, by path."""
        found = {path: Counter() for path in self.instances}
        for path, cells in self._own_cells():
            parts = path.split("/")
            inside = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
            for block in {WHOLE, *inside} & found.keys():
                found[block].update(cells)
        return found

    def block_of(self, name: str) -> str:
        """Return the block or memory that a flattened name, ``lane_3.decoder.x``, belongs to."""
        parts = name.split(".")
        for end in range(len(parts), 0, -1):
            place = _place(parts[:end])
            if place in self.instances or place in self.memories:
                return place
        return WHOLE

    def _own_cells(self) -> Iterator[tuple[str, Counter]]:
        if self._flat is not None:
            for name, cell in self._flat["modules"][self._top]["cells"].items():
                if cell["type"] != NOTE:
                    yield self.block_of(name), Counter({cell["type"]: 1})
            return
        own = {module: Counter(cell["type"] for cell in content["cells"].values()
                               if cell["type"] not in self._modules)
               for module, content in self._modules.items()}
        for path, module in self._walk(memories=False):
            yield _place(path), own[module]

    def _walk(self, *, memories: bool) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield (names of instances, module) of every memory, or of every other block."""
        def visit(path, module):
            if (RAM in module) == memories:
                yield path, module
            for name, cell in sorted(self._modules[module]["cells"].items()):
                if cell["type"] in self._modules:
                    yield from visit((*path, name), cell["type"])
        yield from visit((), self._top)


def _place(names: Iterable[str]) -> str:
    """Return the path of instances with these names.

    >>> _place(["lane_3", "leak$183"])
    'lane/leak'
    """
    return "/".join(NUMBER.sub("", name, count=1) for name in names)
