"""Reads tables: YAML in the shape of Accelergy's energy (ERT) and area (ART) reference tables."""

import math
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path

import yaml

from .interpolation import marks
from .table import METHODS, SRAM, AreaEntry, Entry, Table, TableError

__all__ = ["SHIPPED", "load_table"]

SHIPPED = Path(__file__).parent
PROVENANCE = ("width_bits", "node_nm", "voltage")
TEXTS = ("source", "method")
ENERGY = ("energy_pJ", *PROVENANCE)
MERGE = "tag:yaml.org,2002:merge"
AREA = ("area_mm2", "leakage_uW_per_mm2", *PROVENANCE)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Refuses a mapping that has a key twice, which YAML forbids and PyYAML does not see."""

    def construct_mapping(self, node, deep=False):
        keys = set()
        for key_node, _ in node.value:
            if key_node.tag == MERGE or not isinstance(key_node, yaml.ScalarNode):
                continue
            if key_node.value in keys:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key_node.value!r} is there twice", key_node.start_mark)
            keys.add(key_node.value)
        return super().construct_mapping(node, deep)


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
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    try:
        return _table(content)
    except (KeyError, TypeError, AttributeError) as error:
        raise TableError(f"{path}: not an energy reference table ({error})") from None
    except TableError as error:
        raise TableError(f"{path}: {error}") from None


def _table(content: dict) -> Table:
    energies, areas = content["ERT"], content.get("ART", {"tables": []})
    _check_keys("the file", content, {"provenance", "ERT", "ART"})
    _check_keys("ERT", energies, {"version", "name", "clock_MHz", "tables"})
    _check_keys("ART", areas, {"version", "tables"})
    clock = energies.get("clock_MHz")
    return Table(
        name=str(energies["name"]),
        clock_mhz=None if clock is None else _positive("clock_MHz", clock),
        entries=_grouped((_energy(component, action) for component, action
                          in _listed(energies, "actions")),
                         lambda entry: (entry.component, entry.action)),
        areas=_grouped((_area(component, area) for component, area in _listed(areas, "areas")),
                       lambda entry: entry.component))


def _listed(content: dict, key: str) -> Iterable[tuple[str, dict]]:
    """Yield every row of a list of components, with its component."""
    for component in content["tables"]:
        _check_keys(str(component.get("name", "?")), component, {"name", key})
        for row in component[key]:
            yield _name(component["name"]), row


def _grouped(entries: Iterable, key: Callable) -> dict:
    """Return entries by key, checked for what belongs together."""
    groups = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry)
    for name, group in groups.items():
        _check_group(name if isinstance(name, str) else ".".join(name), group)
    return {name: tuple(group) for name, group in groups.items()}


def _check_group(where: str, entries: list) -> None:
    """Raise :class:`TableError` unless there is one entry, or one for each size and width."""
    if entries[0].component not in SRAM.values():
        if len(entries) > 1:
            raise TableError(f"{where} must have one entry, not {len(entries)}")
        return
    if any(entry.size_bytes is None for entry in entries):
        raise TableError(f"{where}: arguments must have bytes, the size of the memory")
    places = [(entry.size_bytes, entry.width_bits) for entry in entries]
    for size, width in product(*marks(entries)):
        if places.count((size, width)) != 1:
            raise TableError(f"{where} must have one entry for each size and width, not "
                             f"{places.count((size, width))} for {size} bytes and {width} bits")


def _energy(component: str, row: dict) -> Entry:
    where = f"{component}.{row.get('name', '?')}"
    where, found = _checked(where, row, ENERGY, {"name"})
    return Entry(component=component, action=_name(row["name"]), **found)


def _area(component: str, row: dict) -> AreaEntry:
    return AreaEntry(component=component, **_checked(f"area of {component}", row, AREA, set())[1])


def _checked(where: str, row: dict, numbers: tuple[str, ...], others: set[str]
             ) -> tuple[str, dict]:
    """Return where a row is, for messages, and its checked figures and texts."""
    arguments = row.get("arguments", {})
    _check_keys(f"{where}: arguments", arguments, {"bytes"})
    size = arguments.get("bytes")
    where += "" if size is None else f" ({size} bytes, {row.get('width_bits', '?')} bits)"
    _check_keys(where, row, {*numbers, *TEXTS, *others, "arguments"})
    for key in (*numbers, *TEXTS, *others):
        if key not in row:
            raise TableError(f"{where}: {key} is missing")
    if row["method"] not in METHODS:
        raise TableError(f"{where}: method must be one of {', '.join(METHODS)}, "
                         f"not {row['method']!r}")
    if not isinstance(row["source"], str) or not row["source"].strip():
        raise TableError(f"{where}: source must say where the figure is from")
    return where, {
        "source": row["source"], "method": row["method"],
        "size_bytes": None if size is None else _positive(f"{where}: bytes", size),
        **{key.lower(): _positive(f"{where}: {key}", row[key]) for key in numbers}}


def _check_keys(where: str, row: dict, known: set[str]) -> None:
    for key in row:
        if key not in known:
            raise TableError(f"{where}: unknown key {key!r} (known: {', '.join(sorted(known))})")


def _name(value) -> str:
    if not isinstance(value, str) or not value:
        raise TableError(f"name must be text, not {value!r}")
    return value


def _positive(where: str, value) -> float:
    if type(value) not in (int, float) or not 0 < value < math.inf:
        raise TableError(f"{where} must be a positive number, not {value!r}")
    return value
