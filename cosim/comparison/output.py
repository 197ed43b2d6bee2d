"""A comparison on the terminal, as JSON, and as a file: page, picture or table."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from rich.table import Table

from ..console import console
from ..report.number import plain
from ..report.page import render
from ..report.picture import WIDE, svg_of
from .design import MEASURES, Design
from .front import fronts_of
from .picture import front_figure, front_picture
from .warning import warnings_of

__all__ = ["SUFFIXES", "as_json", "check_suffix", "print_comparison", "written_as"]

VERDICTS = {True: "yes", False: "NO", None: "not run"}
SHORT = {"total_uj": "µJ", "cycles": "cycles", "memory_bits": "memory"}


def as_json(designs: Sequence[Design]) -> dict:
    """Return the designs, the front of each measure by name, and the warnings, as plain data."""
    return {"designs": [asdict(design) for design in designs],
            "fronts": {measure: [designs[index].name for index in front]
                       for measure, front in fronts_of(designs).items()},
            "warnings": warnings_of(designs)}


def print_comparison(designs: Sequence[Design]) -> None:
    """Print what is compared, a line of figures for each, who is unbeaten, and warnings."""
    out = console()
    for place, design in enumerate(designs, start=1):
        out.print(f"{place}  {design.name}: {design.network} on {design.config}, "
                  f"{design.images:,} of {design.images_from}")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "accuracy", "µJ on\nchip", "µJ with\nDRAM", "cycles", "images\n/s",
                    "memory\nKB", "utilised"):
        table.add_column(heading, justify="right")
    table.add_column("bit-exact")
    for place, design in enumerate(designs, start=1):
        memory = design.memory_bits
        table.add_row(
            str(place), "-" if design.accuracy is None else f"{design.accuracy:.2%}",
            plain(design.on_chip_uj), plain(design.total_uj), f"{design.cycles:,.0f}",
            plain(design.frames_per_second), "-" if memory is None else f"{memory / 8192:,.1f}",
            f"{design.utilisation:.1%}", VERDICTS[design.bit_exact])
    out.print()
    out.print(table)
    out.print()
    for measure, front in fronts_of(designs).items():
        names = ", ".join(str(index + 1) for index in front) or "not known"
        out.print(f"unbeaten in accuracy and {MEASURES[measure]}: {names}")
    for warning in warnings_of(designs):
        out.print(f"note: {warning}", style="yellow")


def best_of(designs: Sequence[Design]) -> list[list[str]]:
    """Return for each design the measures in whose front it is, by short name."""
    fronts = fronts_of(designs)
    return [[SHORT[measure] for measure in MEASURES if index in fronts[measure]]
            for index in range(len(designs))]


def check_suffix(path: Path) -> None:
    """Raise ``ValueError`` unless a comparison can be written as such a file."""
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path}: the file to write must end in {', '.join(SUFFIXES)}, "
                         f"not {path.suffix!r}")


def written_as(suffix: str, designs: Sequence[Design]) -> bytes:
    """Return the content of a file that ends so (one of ``SUFFIXES``)."""
    return SUFFIXES[suffix](designs)


def _html(designs: Sequence[Design]) -> bytes:
    return render("comparison.html.j2", designs=designs, best=best_of(designs),
                  warnings=warnings_of(designs), picture_of_fronts=front_picture(designs),
                  verdicts=VERDICTS).encode()


def _svg(designs: Sequence[Design]) -> bytes:
    return svg_of(front_figure(designs, WIDE))


def _csv(designs: Sequence[Design]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Design)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(design) for design in designs)
    return text.getvalue().encode()


SUFFIXES = {".html": _html, ".svg": _svg, ".csv": _csv}
