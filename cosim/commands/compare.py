"""Compare runs: a table, and accuracy against energy, cycles and memory."""

from pathlib import Path
from typing import Annotated

import typer

from .options import Json


def run(
    runs: Annotated[list[Path], typer.Argument(
        metavar="RUN...", show_default=False, help="Folders that cosim, predict or demo wrote.")],
    out: Annotated[Path | None, typer.Option(
        "-o", "--out", metavar="FILE", show_default=False,
        help="Also write a page (.html), the picture (.svg) or the table (.csv).")] = None,
    as_json: Json = False,
) -> int:
    from .. import comparison
    from ..comparison import output
    from ..console import print_json
    from ..output import new_file

    if out:
        output.check_suffix(out)
    designs = comparison.read_designs(runs)
    if out:
        with new_file(out) as new:
            new.write_bytes(output.written_as(out.suffix, designs))
    if as_json:
        print_json(output.as_json(designs))
    else:
        output.print_comparison(designs)
        if out:
            print(f"wrote {out}")
    return 0
