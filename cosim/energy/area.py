"""Area of a processor: its memories by size, its logic by lane."""

from dataclasses import replace

from hw.config import Configuration

from .table import Area, Table

__all__ = ["LOGIC", "area_mm2", "areas", "shape_of"]

LOGIC = "logic"
# Read and written in one cycle: sums that go back, and buffers that are filled while they are used.
# The others are written before an inference, between uses, or in the half that is not in use.
READ_AND_WRITTEN = ("potential", "weight_buffer", "pointer_buffer")


def shape_of(config: Configuration, memory: str) -> dict:
    """Return size, width and ports of one instance of a memory, as a table takes them."""
    found = config.memories[memory]
    return {"size_bytes": found.words * found.width_bits / 8, "bits": found.width_bits,
            "ports": 2 if memory in READ_AND_WRITTEN else 1}


def areas(config: Configuration, table: Table) -> dict[str, Area]:
    """Return the area of each kind of memory, by its name, and of the logic.

    Each has as many equal parts as the processor has instances. Raises :class:`TableError` if the
    table has no figure for one.
    """
    found = {}
    for name, memory in config.memories.items():
        area = table.memory_area(name, **shape_of(config, name))
        found[name] = replace(area, parts=area.parts * memory.instances)
    return found | {LOGIC: table.logic_area("lane", parts=config.lanes)}


def area_mm2(config: Configuration, table: Table) -> dict:
    """Return areas as plain data: ``memories`` by name, their sum, ``logic``, ``total``."""
    found = {name: area.area_mm2 * area.parts for name, area in areas(config, table).items()}
    logic = found.pop(LOGIC)
    memory = sum(found.values())
    return {"memories": found, "memory": memory, "logic": logic, "total": memory + logic}
