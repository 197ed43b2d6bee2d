"""An account of energy for people: components, and every row that they are made of."""

from rich.table import Table

from .console import console
from .energy import COMPONENTS

__all__ = ["CATEGORY_NAMES", "area_line", "component_table", "energy_line", "print_energy",
           "sensitivity_line"]

# A file or a pipe has no width of its own.
WIDE = 160
# What people read for the categories of `energy_uj`, in its order.
CATEGORY_NAMES = {
    "compute": "compute", "weight_memory": "weights", "potential_memory": "potentials",
    "spike_memory": "spikes", "control": "control", "leakage": "leakage", "dram": "DRAM"}


def print_energy(result: dict) -> None:
    """Print each row of an account, then its components, its layers, area and sources."""
    out = console()
    if not out.is_terminal:
        out.width = WIDE
    sources = _sources(result["energy_rows"])
    out.print(_rows(result, sources))
    for note in dict.fromkeys(f"{_words(row['memory'])} {row['note']}"
                              for row in result["energy_rows"] if row["note"]):
        out.print(f"* {note}", style="dim")
    for table in (component_table(result), _layers(result)):
        out.print()
        out.print(table)
    out.print()
    out.print(sensitivity_line(result["dram_sensitivity_uj"]))
    out.print(area_line(result["area_mm2"]))
    out.print(f"table {result['energy_uj']['table']}, leakage at {result['clock_mhz']:g} MHz")
    for (source, method), number in sources.items():
        out.print(f"[{number}] {method}: {source}", style="dim")


def component_table(result: dict) -> Table:
    """Return the energy of an image by component, largest first, without those that cost nothing.
    """
    table, total = _table("component", "part of", "µJ", "share"), result["energy_uj"]["total"]
    spent = sorted(result["components_uj"].items(), key=lambda pair: -pair[1])
    for component, energy in spent:
        if energy:
            table.add_row(_words(component), CATEGORY_NAMES[COMPONENTS[component]], f"{energy:.4f}",
                          f"{energy / total:.1%}")
    return table


def energy_line(energy: dict) -> str:
    """Return the energy of an image in one line: total, then its parts."""
    parts = ", ".join(f"{name} {energy[key]:.4f}"
                      for key, name in CATEGORY_NAMES.items() if energy[key])
    return f"{energy['total']:.4f} µJ per image (table {energy['table']}): {parts}"


def sensitivity_line(totals: dict[str, float]) -> str:
    """Return the energy of an image at each energy of a DRAM bit, in one line."""
    return (f"with DRAM at {', '.join(totals)} pJ a bit: "
            f"{', '.join(f'{total:.4f}' for total in totals.values())} µJ")


def area_line(area: dict) -> str:
    """Return the area in one line: total, memories from the largest, logic."""
    largest = sorted(area["memories"].items(), key=lambda pair: -pair[1])
    parts = ", ".join(f"{_words(name)} {part:.4f}" for name, part in largest)
    return (f"{area['total']:.4f} mm²: logic {area['logic']:.4f}, memories {area['memory']:.4f} "
            f"({parts})")


def _rows(result: dict, sources: dict) -> Table:
    table = _table("component", "action", "bits", "bytes", "count", "pJ each", "µJ", "share", "")
    total = result["energy_uj"]["total"]
    for row in result["energy_rows"]:
        if row["energy_uj"]:
            size = "" if row["size_bytes"] is None else f"{row['size_bytes']:,.0f}"
            mark = "*" if row["note"] else ""
            table.add_row(
                _words(row["component"]),
                f"{_words(row['memory'] or row['primitive'])} {row['action']}{mark}",
                f"{row['width_bits']:g}", size, f"{row['count']:,.0f}", f"{row['energy_pj']:.5f}",
                f"{row['energy_uj']:.4f}", f"{row['energy_uj'] / total:.1%}",
                f"[{sources[_source(row)]}]")
    table.add_row("total", *[""] * 5, f"{total:.4f}", "100.0%", style="bold")
    return table


def _layers(result: dict) -> Table:
    table = _table("layer", *CATEGORY_NAMES.values(), "µJ")
    for layer in (*result["layers"], {"name": "image"} | result):
        energy = layer["energy_uj"]
        table.add_row(layer["name"], *(f"{energy[category]:.4f}" for category in CATEGORY_NAMES),
                      f"{energy['total']:.4f}", style="bold" if layer["name"] == "image" else None)
    return table


def _table(first: str, *headings: str) -> Table:
    """Return an empty table whose columns of text are on the left."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(first)
    for heading in headings:
        is_text = heading in ("action", "part of")
        table.add_column(heading, justify="left" if is_text else "right")
    return table


def _sources(rows: list[dict]) -> dict[tuple[str, str], int]:
    """Return a number for each source of the rows that cost something."""
    used = dict.fromkeys(_source(row) for row in rows if row["energy_uj"])
    return {source: number for number, source in enumerate(used, start=1)}


def _source(row: dict) -> tuple[str, str]:
    return row["source"], row["method"]


def _words(name: str) -> str:
    return name.replace("_", " ").replace("dram", "DRAM")
