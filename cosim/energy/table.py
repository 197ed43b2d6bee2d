"""Tables of energy per action: YAML in the shape of Accelergy's energy reference tables."""

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import yaml

__all__ = ["Entry", "Table", "TableError", "load_table"]

SHIPPED = Path(__file__).parent
METHODS = ("measured", "synthesis", "cacti", "literature", "derived", "estimate")
NUMBERS = ("energy_pJ", "width_bits", "node_nm", "voltage")
TEXTS = ("source", "method")


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

    @property
    def energy_pj_per_bit(self) -> float:
        return self.energy_pj / self.width_bits


@dataclass(frozen=True, kw_only=True)
class Table:
    """Energies of every action, by (component, action); several entries differ in size only.

    ``clock_mhz`` is the clock that leakage is given at, None where nothing leaks.
    """

    name: str
    clock_mhz: float | None
    entries: dict[tuple[str, str], tuple[Entry, ...]]

    def energy_pj(self, component: str, action: str, *, bits: float) -> float:
        """Return the energy of an action of logic on ``bits`` bits."""
        return self._find(component, action)[0].energy_pj_per_bit * bits

    def memory_energy_pj(self, memory: str, action: str, *, size_bytes: float,
                         bits: float) -> float:
        """Return the energy of an access of ``bits`` bits to a memory of ``size_bytes``.

        The energy of a bit is interpolated on a straight line in log(size), log(energy). Memories
        below the smallest entry cost what it costs; above the largest there is no figure and
        :class:`TableError` names ``memory``.
        """
        entries = self._find("memory", action)
        smallest, largest = entries[0], entries[-1]
        if size_bytes > largest.size_bytes:
            raise TableError(
                f"{self.name}: the {memory} memory has {size_bytes / 1024:.4g} KB, but there are "
                f"no figures above {largest.size_bytes / 1024:.4g} KB")
        if size_bytes <= smallest.size_bytes:
            return smallest.energy_pj_per_bit * bits
        low, high = next(pair for pair in pairwise(entries) if size_bytes <= pair[1].size_bytes)
        octaves = math.log2(high.size_bytes / low.size_bytes)
        ratio = high.energy_pj_per_bit / low.energy_pj_per_bit
        position = math.log2(size_bytes / low.size_bytes) / octaves
        return low.energy_pj_per_bit * ratio ** position * bits

    def _find(self, component: str, action: str) -> tuple[Entry, ...]:
        try:
            return self.entries[component, action]
        except KeyError:
            raise TableError(f"{self.name}: {component}.{action} is missing") from None


def load_table(name_or_path: str = "28nm") -> Table:
    """Return a shipped table, or one from a YAML file.

    Raises :class:`TableError` that names the entry, or ``OSError``.
    """
    shipped = {path.stem: path for path in SHIPPED.glob("*.yaml")}
    path = shipped.get(name_or_path, Path(name_or_path))
    if path.suffix not in (".yaml", ".yml"):
        raise TableError(f"energy table must be one of {', '.join(sorted(shipped))} or a .yaml "
                         f"file, not {name_or_path!r}")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    try:
        return _table(content["ERT"])
    except (KeyError, TypeError, AttributeError) as error:
        raise TableError(f"{path}: not an energy reference table ({error})") from None
    except TableError as error:
        raise TableError(f"{path}: {error}") from None


def _table(content: dict) -> Table:
    entries: dict[tuple[str, str], list[Entry]] = {}
    for component in content["tables"]:
        for action in component["actions"]:
            entry = _entry(component["name"], action)
            entries.setdefault((entry.component, entry.action), []).append(entry)
    clock = content.get("clock_MHz")
    return Table(
        name=str(content["name"]),
        clock_mhz=None if clock is None else _positive("clock_MHz", clock),
        entries={key: _by_size(key, found) for key, found in entries.items()})


def _by_size(key: tuple[str, str], entries: list[Entry]) -> tuple[Entry, ...]:
    where = ".".join(key)
    if len(entries) > 1 and any(entry.size_bytes is None for entry in entries):
        raise TableError(f"{where} must have one entry, or a size in each, not {len(entries)}")
    ordered = sorted(entries, key=lambda entry: entry.size_bytes or 0)
    for low, high in pairwise(ordered):
        if low.size_bytes == high.size_bytes:
            raise TableError(f"{where} must have one entry for each size, not two for "
                             f"{low.size_bytes:g} bytes")
    return tuple(ordered)


def _entry(component: str, action: dict) -> Entry:
    size = action.get("arguments", {}).get("bytes")
    where = f"{component}.{action.get('name', '?')}" + ("" if size is None else f" ({size} bytes)")
    for key in (*NUMBERS, *TEXTS):
        if key not in action:
            raise TableError(f"{where}: {key} is missing")
    for key in set(action) - {*NUMBERS, *TEXTS, "name", "arguments"}:
        raise TableError(f"{where}: unknown key {key!r}")
    if action["method"] not in METHODS:
        raise TableError(f"{where}: method must be one of {', '.join(METHODS)}, "
                         f"not {action['method']!r}")
    if not isinstance(action["source"], str) or not action["source"].strip():
        raise TableError(f"{where}: source must say where the figure is from")
    return Entry(
        component=component, action=action["name"], source=action["source"],
        method=action["method"],
        size_bytes=None if size is None else _positive(f"{where}: bytes", size),
        **{key.lower(): _positive(f"{where}: {key}", action[key]) for key in NUMBERS})


def _positive(where: str, value) -> float:
    if type(value) not in (int, float) or not 0 < value < math.inf:
        raise TableError(f"{where} must be a positive number, not {value!r}")
    return value
