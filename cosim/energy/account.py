"""From counts to energy: which constants each count of the hardware is multiplied with."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from hw.config import Configuration
from hw.layout import Event, QueuedEvent

from .area import areas, shape_of
from .table import Cost, Table, TableError

__all__ = ["CATEGORIES", "COMPONENTS", "Item", "check_table", "components_uj", "dram_sensitivity",
           "energy_rows", "energy_uj", "items"]

# Component -> category of `energy_uj` (DESIGN 7).
COMPONENTS = {
    "multiplier": "compute", "accumulator": "compute", "firing": "compute",
    "weight_memory": "weight_memory", "weight_buffer": "weight_memory",
    "pointers": "weight_memory", "potentials": "potential_memory", "spikes": "spike_memory",
    "image": "spike_memory", "queues": "control", "dispatch": "control",
    "bias_and_instructions": "control", "lanes": "control", "clock": "control",
    "leakage": "leakage", "dram": "dram"}
CATEGORIES = ("compute", "weight_memory", "potential_memory", "spike_memory", "control", "leakage",
              "dram")
# Count -> (component, memory, action) of one access.
ACCESSES = {
    "weight_reads": ("weight_memory", "weight", "read"),
    "weight_buffer_reads": ("weight_buffer", "weight_buffer", "read"),
    "weight_buffer_writes": ("weight_buffer", "weight_buffer", "write"),
    "pointer_reads": ("pointers", "pointer", "read"),
    "pointer_buffer_reads": ("pointers", "pointer_buffer", "read"),
    "pointer_buffer_writes": ("pointers", "pointer_buffer", "write"),
    "potential_reads": ("potentials", "potential", "read"),
    "potential_writes": ("potentials", "potential", "write"),
    "spike_reads": ("spikes", "spike", "read"),
    "spike_writes": ("spikes", "spike", "write"),
    "pixel_reads": ("image", "pixel", "read"),
    "input_table_reads": ("image", "input_table", "read"),
    "bias_reads": ("bias_and_instructions", "channel", "read"),
    "instruction_reads": ("bias_and_instructions", "instruction", "read")}
# Width of a threshold step, which a neuron's level is subtracted from, and of an address.
STEP_BITS, ADDRESS_BITS = 16, 16
PICOJOULE_PER_MICROJOULE = 1e6


@dataclass(frozen=True)
class Item:
    """A constant that a count is multiplied with: ``cost``, ``times`` for each one counted.

    ``area_mm2`` is what leaks, None where nothing does; ``memory`` the memory of the
    configuration that is accessed or leaks, None for logic.
    """

    component: str
    counter: str
    times: float
    cost: Cost
    memory: str | None = None
    area_mm2: float | None = None

    def count(self, counts: Mapping[str, float]) -> float:
        """Return how often the action of the table happens."""
        return counts[self.counter] * self.times * self.cost.parts

    def energy_uj(self, counts: Mapping[str, float]) -> float:
        return self.count(counts) * self.cost.energy_pj / PICOJOULE_PER_MICROJOULE


@lru_cache(maxsize=8)
def items(config: Configuration, table: Table) -> tuple[Item, ...]:
    """Return every constant of a processor.

    Raises :class:`TableError` if the table lacks one, or has no figure for a memory.
    """
    return (*_logic(config, table), *_memories(config, table), *_leakage(config, table),
            Item("dram", "dram_read_bits", 1, table.logic("dram", "read", bits=1)))


def check_table(config: Configuration, table: Table) -> None:
    """Raise :class:`TableError` if the table lacks a figure that ``config`` needs."""
    items(config, table)


def energy_uj(counts: Mapping[str, float], config: Configuration, table: Table) -> dict:
    """Return the energy by category and its totals, with the name of the table (DESIGN 7).

    ``total`` is ``math.fsum`` over the items, so it is that of any other order.
    """
    spent = [(COMPONENTS[item.component], item.energy_uj(counts)) for item in items(config, table)]
    by_category = {category: math.fsum(energy for own, energy in spent if own == category)
                   for category in CATEGORIES}
    return {"table": table.name, **by_category,
            "total_on_chip": math.fsum(energy for own, energy in spent if own != "dram"),
            "total": math.fsum(energy for _, energy in spent)}


def components_uj(counts: Mapping[str, float], config: Configuration, table: Table
                  ) -> dict[str, float]:
    """Return the energy by component."""
    return {component: math.fsum(item.energy_uj(counts) for item in items(config, table)
                                 if item.component == component) for component in COMPONENTS}


def energy_rows(counts: Mapping[str, float], config: Configuration, table: Table) -> list[dict]:
    """Return what each constant contributes, as plain data: count times constant.

    ``energy_uj`` is ``count`` (for an image) times ``energy_pj``; ``per_count`` how many there
    are for each one that ``counter`` counts. ``primitive`` and ``action`` name the entry of the
    table; width and size are those that it was looked up at. ``note`` says if these are not the
    memory's own.
    """
    return [{
        "component": item.component, "memory": item.memory, "counter": item.counter,
        "per_count": item.times * item.cost.parts, "primitive": item.cost.component,
        "action": item.cost.action, "count": item.count(counts), "energy_pj": item.cost.energy_pj,
        "energy_uj": item.energy_uj(counts), "width_bits": item.cost.width_bits,
        "size_bytes": item.cost.size_bytes, "area_mm2": item.area_mm2,
        "source": item.cost.source, "method": item.cost.method, "note": item.cost.note}
        for item in items(config, table)]


def dram_sensitivity(counts: Mapping[str, float], config: Configuration, table: Table
                     ) -> dict[float, float]:
    """Return the total energy in µJ at each energy of a DRAM bit that the table knows, in pJ."""
    on_chip = energy_uj(counts, config, table)["total_on_chip"]
    constants = sorted({table.logic(component, "read", bits=1).energy_pj
                        for component, action in table.entries
                        if component.startswith("dram") and action == "read"})
    return {constant: on_chip + counts["dram_read_bits"] * constant / PICOJOULE_PER_MICROJOULE
            for constant in constants}


def _logic(config: Configuration, table: Table) -> Iterator[Item]:
    numbers = config.numbers
    product, potential = numbers.product_bits, numbers.potential_bits

    def item(component, counter, primitive, action, bits, times=1):
        return Item(component, counter, times, table.logic(primitive, action, bits=bits))
    yield item("multiplier", "synaptic_operations", "log_multiplier", "multiply", product)
    yield item("accumulator", "synaptic_operations", "adder", "add", potential)
    yield item("firing", "neuron_updates", "adder", "add", potential)
    yield item("firing", "neuron_updates", "adder", "add", STEP_BITS)
    yield item("firing", "neuron_updates", "comparator", "compare", potential,
               numbers.steps_per_octave)
    yield item("dispatch", "events", "adder", "add", ADDRESS_BITS)
    yield item("dispatch", "events", "register", "write", Event(config).size)
    yield item("queues", "queue_writes", "register", "write", QueuedEvent(config).size)
    yield item("lanes", "synaptic_operations", "lane", "operate", 1)
    yield item("clock", "cycles", "lane", "clock", 1, config.lanes)


def _memories(config: Configuration, table: Table) -> Iterator[Item]:
    def item(component, counter, name, action, times=1):
        return Item(component, counter, times, table.memory(name, action, **shape_of(config, name)),
                    name)
    for counter, (component, name, action) in ACCESSES.items():
        yield item(component, counter, name, action)
    yield item("image", "input_bits", "pixel", "write", 1 / config.memories["pixel"].width_bits)


def _leakage(config: Configuration, table: Table) -> Iterator[Item]:
    if table.clock_mhz is None:
        raise TableError(f"{table.name}: clock_MHz is missing, which leakage is given at")
    for name, area in areas(config, table).items():
        power_uw = area.area_mm2 * area.leakage_uw_per_mm2
        cost = Cost(component=area.component, action="leak", width_bits=area.width_bits,
                    size_bytes=area.size_bytes, energy_pj=power_uw / table.clock_mhz,
                    source=area.source, method=area.method, parts=area.parts, note=area.note)
        yield Item("leakage", "cycles", 1, cost, name, area.area_mm2)
