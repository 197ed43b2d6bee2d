"""What a netlist consists of, as plain data: blocks, memories, and all of it together."""

from collections.abc import Callable, Mapping

from .netlist import WHOLE, Netlist

__all__ = ["describe"]

# Figures of a block by name: what they are for cells by type.
Measures = Mapping[str, Callable[[Mapping[str, int]], float]]


def describe(netlist: Netlist, measures: Measures) -> dict:
    """Return ``total``, ``blocks`` and ``memories`` of a netlist.

    Figures of a block are of one instance with all that is inside it.
    """
    blocks = [{"block": path, "instances": netlist.instances[path]}
              | {name: _rounded(measure(cells) / netlist.instances[path])
                 for name, measure in measures.items()}
              for path, cells in netlist.cells.items()]
    memories = [{"memory": path, "instances": memory.instances, "words": memory.words,
                 "width_bits": memory.width_bits, "bits": memory.bits}
                for path, memory in netlist.memories.items()]
    total = {name: _rounded(measure(netlist.cells[WHOLE])) for name, measure in measures.items()}
    return {"total": total | {"memory_bits": sum(memory["bits"] for memory in memories)},
            "blocks": blocks, "memories": memories}


def _rounded(value: float) -> float:
    """Return a figure, to a tenth if it is not whole: instances need not be quite the same."""
    return int(value) if value == int(value) else round(value, 1)
