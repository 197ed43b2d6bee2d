"""Show where the energy of a run goes, count by count; or what another table makes of it."""

from pathlib import Path
from typing import Annotated

import typer

from .options import Json


def run(
    folder: Annotated[Path, typer.Argument(
        metavar="DIR", show_default=False,
        help="Folder that cosim, predict or demo wrote, or its run.json or prediction.json.")],
    table: Annotated[str | None, typer.Option(
        "--table", metavar="NAME|YAML", show_default=False,
        help="Price the same counts with this table: 28nm, 45nm-horowitz, or a file.")] = None,
    as_json: Json = False,
) -> int:
    from ..console import print_json
    from ..energy import load_table
    from ..energy_summary import print_energy
    from ..repricing import read_result, repriced

    result = read_result(folder)
    if table is not None:
        result = repriced(result, load_table(table))
    if as_json:
        print_json(result)
    else:
        print_energy(result)
    return 0
