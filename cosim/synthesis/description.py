"""What a netlist consists of, as plain data: blocks, memories, and all of it together."""

from collections.abc import Callable

from .netlist import Netlist

__all__ = ["describe"]


def describe(netlist: Netlist, *, is_flip_flop: Callable[[str], object],
             area: Callable[[dict], float] | None = None) -> dict:
    """Return ``total``, ``blocks`` and ``memories`` of a netlist.

    Figures of a block are of one instance with all that is inside it, but for memories. ``area``
    tells the µm² of cells by type; without it there is none.
    """
    blocks = []
    for block in netlist.blocks.values():
        row = {"block": block.path, "instances": block.instances,
               "cells": sum(block.cells.values()), "flip_flops": block.count(is_flip_flop)}
        blocks.append(row if area is None else row | {"area_um2": round(area(block.cells), 1)})
    memories = [{"memory": path, "instances": memory.instances, "words": memory.words,
                 "width_bits": memory.width_bits, "bits": memory.bits}
                for path, memory in netlist.memories.items()]
    total = {key: value for key, value in blocks[0].items() if key not in ("block", "instances")}
    return {"total": total | {"memory_bits": sum(memory["bits"] for memory in memories)},
            "blocks": blocks, "memories": memories}
