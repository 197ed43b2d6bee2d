"""Tables of energy and area: constants with their sources, and what a memory or a gate costs."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from .interpolation import corners, interpolated, marks

__all__ = ["METHODS", "Area", "AreaEntry", "Cost", "Entry", "Table", "TableError"]

# From what can be trusted most to what can be trusted least.
METHODS = ("measured", "synthesis", "cacti", "literature", "derived", "estimate")
REGISTERS = "register_file"
# Memories by their number of ports: one for both, or one for reading and one for writing.
SRAM = {1: "sram", 2: "sram_1r1w"}


class TableError(ValueError):
    """A table breaks a rule or lacks a figure; the message is one line that names the entry."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Energy of one action of one component, and where the figure is from.

    ``size_bytes`` is the size of the memory that the figure holds for, None for logic.
    """

    component: str
    action: str
    energy_pj: float
    width_bits: float
    node_nm: float
    voltage: float
    source: str
    method: str
    size_bytes: float | None = None


@dataclass(frozen=True, kw_only=True)
class AreaEntry:
    """Area of one component, and the power that leaks from it."""

    component: str
    area_mm2: float
    leakage_uw_per_mm2: float
    width_bits: float
    node_nm: float
    voltage: float
    source: str
    method: str
    size_bytes: float | None = None


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one action costs: ``parts`` times the action of a component of the table.

    ``note`` says where the table has no such memory and what stands for it, None otherwise.
    """

    component: str
    action: str
    energy_pj: float
    width_bits: float
    size_bytes: float | None
    source: str
    method: str
    parts: int = 1
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Area:
    """Area of one part of a component that has ``parts``, and the density of its leakage."""

    component: str
    area_mm2: float
    leakage_uw_per_mm2: float
    width_bits: float
    size_bytes: float | None
    source: str
    method: str
    parts: int = 1
    note: str | None = None


@dataclass(frozen=True)
class _Port:
    """Which entries stand for a memory: SRAM or registers, at a size and width, for each part."""

    is_sram: bool
    size_bytes: float
    width_bits: float
    parts: int
    note: str | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Energies of every action, by (component, action), and areas, by component.

    Entries of ``sram`` and ``sram_1r1w`` differ in size and width, others have one entry each.
    ``clock_mhz`` is the clock that leakage is given at, None where nothing leaks.
    """

    name: str
    clock_mhz: float | None
    entries: dict[tuple[str, str], tuple[Entry, ...]]
    areas: dict[str, tuple[AreaEntry, ...]]

    def logic(self, component: str, action: str, *, bits: float) -> Cost:
        """Return what an action of logic on ``bits`` bits costs: each bit the same."""
        entry = self._entries(component, action)[0]
        return Cost(component=component, action=action, width_bits=bits, size_bytes=None,
                    energy_pj=entry.energy_pj * bits / entry.width_bits, source=entry.source,
                    method=entry.method)

    def memory(self, memory: str, action: str, *, size_bytes: float, bits: float,
               ports: int = 1) -> Cost:
        """Return what an access of all ``bits`` bits of a port costs, in a memory of a size.

        ``ports`` is 1, or 2 for a memory that is read and written in one cycle.

        Energy is interpolated between the four entries around (size, width), on straight lines in
        their logarithms. Smaller memories are register files. A port narrower than every entry
        costs as much as the narrowest; a wider one belongs to several memories side by side.
        Above the largest size there is no figure, and :class:`TableError` names ``memory``.
        """
        entries = self._entries(SRAM[ports], action)
        port = self._port(memory, entries, size_bytes, bits)
        if not port.is_sram:
            cost = self.logic(REGISTERS, action, bits=port.width_bits)
            return replace(cost, size_bytes=size_bytes)
        around = corners(entries, port.size_bytes, port.width_bits)
        return Cost(component=SRAM[ports], action=action, width_bits=port.width_bits,
                    size_bytes=port.size_bytes, parts=port.parts, note=port.note,
                    energy_pj=interpolated(around, lambda entry: entry.energy_pj),
                    **_provenance(entry for entry, _ in around))

    def memory_area(self, memory: str, *, size_bytes: float, bits: float, ports: int = 1) -> Area:
        """Return the area of a memory, found as its energy is."""
        entries = self._areas(SRAM[ports])
        port = self._port(memory, entries, size_bytes, bits)
        if not port.is_sram:
            entry = self._areas(REGISTERS)[0]
            return Area(component=REGISTERS, width_bits=bits, size_bytes=size_bytes,
                        area_mm2=entry.area_mm2 * 8 * size_bytes / entry.width_bits,
                        leakage_uw_per_mm2=entry.leakage_uw_per_mm2, source=entry.source,
                        method=entry.method)
        around = corners(entries, port.size_bytes, port.width_bits)
        return Area(
            component=SRAM[ports], width_bits=port.width_bits, size_bytes=port.size_bytes,
            parts=port.parts, note=port.note,
            area_mm2=interpolated(around, lambda entry: entry.area_mm2),
            leakage_uw_per_mm2=interpolated(around, lambda entry: entry.leakage_uw_per_mm2),
            **_provenance(entry for entry, _ in around))

    def logic_area(self, component: str, *, parts: int) -> Area:
        """Return the area of ``parts`` equal pieces of logic."""
        entry = self._areas(component)[0]
        return Area(component=component, width_bits=entry.width_bits, size_bytes=None, parts=parts,
                    area_mm2=entry.area_mm2, leakage_uw_per_mm2=entry.leakage_uw_per_mm2,
                    source=entry.source, method=entry.method)

    def _port(self, memory: str, entries: tuple, size_bytes: float, bits: float) -> _Port:
        sizes, widths = marks(entries)
        parts = math.ceil(bits / widths[-1])
        size, width = size_bytes / parts, bits / parts
        if size > sizes[-1]:
            raise TableError(
                f"{self.name}: the {memory} memory has {size_bytes / 1024:.4g} KB, but there are "
                f"no figures above {sizes[-1] / 1024:.4g} KB")
        if size < sizes[0]:
            return _Port(False, size_bytes, bits, 1, None)
        note = None
        if parts > 1:
            note = f"{bits} bits wide: {parts} memories side by side"
        elif width < widths[0]:
            note = f"{bits} bits wide: costs as much as {widths[0]} bits"
        return _Port(True, size, max(width, widths[0]), parts, note)

    def _entries(self, component: str, action: str) -> tuple[Entry, ...]:
        try:
            return self.entries[component, action]
        except KeyError:
            raise TableError(f"{self.name}: {component}.{action} is missing") from None

    def _areas(self, component: str) -> tuple[AreaEntry, ...]:
        try:
            return self.areas[component]
        except KeyError:
            raise TableError(f"{self.name}: the area of {component} is missing") from None


def _provenance(entries: Iterable) -> dict[str, str]:
    """Return the sources of entries, each once, and the method that can be trusted least."""
    entries = list(entries)
    return {"source": "; ".join(dict.fromkeys(entry.source for entry in entries)),
            "method": max((entry.method for entry in entries), key=METHODS.index)}
