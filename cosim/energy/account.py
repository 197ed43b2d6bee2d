"""From counts to energy: which constant each count of the hardware is multiplied with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hw.config import Configuration
from hw.layout import Event, QueuedEvent

from .table import Table

__all__ = ["CATEGORIES", "Item", "account", "check_table", "dram_sensitivity", "energy_uj"]

CATEGORIES = ("compute", "weight_memory", "potential_memory", "spike_memory", "control", "leakage",
              "dram")
# Count -> (category, memory, action) of one access.
ACCESSES = {
    "weight_reads": ("weight_memory", "weight", "read"),
    "weight_buffer_reads": ("weight_memory", "weight_buffer", "read"),
    "weight_buffer_writes": ("weight_memory", "weight_buffer", "write"),
    "pointer_reads": ("weight_memory", "pointer", "read"),
    "pointer_buffer_reads": ("weight_memory", "pointer_buffer", "read"),
    "pointer_buffer_writes": ("weight_memory", "pointer_buffer", "write"),
    "potential_reads": ("potential_memory", "potential", "read"),
    "potential_writes": ("potential_memory", "potential", "write"),
    "spike_reads": ("spike_memory", "spike", "read"),
    "spike_writes": ("spike_memory", "spike", "write"),
    "pixel_reads": ("spike_memory", "pixel", "read"),
    "input_table_reads": ("spike_memory", "input_table", "read"),
    "bias_reads": ("control", "channel", "read"),
    "instruction_reads": ("control", "instruction", "read")}
# Width of a threshold step, which a neuron's level is subtracted from, and of an address.
STEP_BITS, ADDRESS_BITS = 16, 16
PICOJOULE_PER_MICROJOULE = 1e6


@dataclass(frozen=True)
class Item:
    """One line of an account: ``count`` times ``energy_pj``."""

    category: str
    name: str
    count: float
    energy_pj: float

    @property
    def energy_uj(self) -> float:
        return self.count * self.energy_pj / PICOJOULE_PER_MICROJOULE


def account(counts: Mapping[str, float], config: Configuration, table: Table) -> tuple[Item, ...]:
    """Return what each count costs, for counts of one layer or of a whole inference.

    Raises :class:`TableError` if the table has no figure for a memory of ``config``.
    """
    return tuple(Item(category, name, counts[name], energy)
                 for category, name, energy in _constants(config, table))


def check_table(config: Configuration, table: Table) -> None:
    """Raise :class:`TableError` if the table lacks a figure that ``config`` needs."""
    for _ in _constants(config, table):
        pass


def energy_uj(counts: Mapping[str, float], config: Configuration, table: Table) -> dict:
    """Return the energy by category and its totals, with the name of the table (DESIGN 7)."""
    by_category = dict.fromkeys(CATEGORIES, 0.0)
    for item in account(counts, config, table):
        by_category[item.category] += item.energy_uj
    total = sum(by_category.values())
    return {"table": table.name, **by_category,
            "total_on_chip": total - by_category["dram"], "total": total}


def dram_sensitivity(counts: Mapping[str, float], config: Configuration, table: Table
                     ) -> dict[float, float]:
    """Return the total energy in µJ at each energy of a DRAM bit that the table knows, in pJ."""
    on_chip = energy_uj(counts, config, table)["total_on_chip"]
    constants = sorted(table.energy_pj(component, "read", bits=1)
                       for component in ("dram_low", "dram", "dram_high"))
    return {constant: on_chip + counts["dram_read_bits"] * constant / PICOJOULE_PER_MICROJOULE
            for constant in constants}


def _constants(config: Configuration, table: Table) -> Iterator[tuple[str, str, float]]:
    """Yield (category, count, picojoules for each)."""
    numbers, memories = config.numbers, config.memories
    logic = table.energy_pj
    addition = logic("adder", "add", bits=numbers.potential_bits)
    product = logic("log_multiplier", "multiply", bits=numbers.product_bits)
    comparison = logic("comparator", "compare", bits=numbers.potential_bits)
    yield "compute", "synaptic_operations", product + addition
    yield "compute", "neuron_updates", (
        addition + numbers.steps_per_octave * comparison + logic("adder", "add", bits=STEP_BITS))
    for count, (category, name, action) in ACCESSES.items():
        memory = memories[name]
        yield category, count, table.memory_energy_pj(
            name, action, size_bytes=memory.words * memory.width_bits / 8, bits=memory.width_bits)
    pixel = memories["pixel"]
    yield "spike_memory", "input_bits", table.memory_energy_pj(
        "pixel", "write", size_bytes=pixel.words * pixel.width_bits / 8, bits=1)
    yield "control", "events", (logic("adder", "add", bits=ADDRESS_BITS)
                                + logic("register", "write", bits=Event(config).size))
    yield "control", "queue_writes", logic("register", "write", bits=QueuedEvent(config).size)
    yield "control", "cycles", logic("lane", "clock", bits=config.lanes)
    stored = sum(memory.bits for memory in memories.values())
    yield "leakage", "cycles", logic("memory", "leak", bits=stored)
    yield "dram", "dram_read_bits", logic("dram", "read", bits=1)
