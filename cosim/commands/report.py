"""Make one HTML page of a run: figures, pictures, and where each comes from."""

from pathlib import Path
from typing import Annotated

import typer

from .options import Json


def run(
    folder: Annotated[Path, typer.Argument(
        metavar="DIR", show_default=False,
        help="Folder that cosim, predict or demo wrote.")],
    out: Annotated[Path | None, typer.Option(
        "-o", "--out", metavar="FILE", show_default=False,
        help="File to write (default: report.html in the folder).")] = None,
    as_json: Json = False,
) -> int:
    from ..console import print_json
    from ..record import REPORT
    from ..report import write_report

    file = folder / REPORT if out is None else out
    write_report(folder, file)
    if as_json:
        print_json({"folder": str(folder), "out": str(file)})
    else:
        print(f"wrote {file}")
    return 0
