"""Compress a trained network and write down where it comes from and what its integers do."""

from pathlib import Path
from typing import Annotated

import typer

from .options import Data, Json


def run(
    folders: Annotated[list[Path], typer.Argument(
        metavar="DIR [DIR …]", show_default=False,
        help="Folder that train wrote; then those of the same recipe with other seeds.")],
    out: Annotated[Path, typer.Option(
        "-o", "--out", metavar="DIR", help="Folder to write NAME.safetensors.xz to.")] = Path(),
    data: Data = None,
    as_json: Json = False,
) -> int:
    from datetime import date

    from algo.training.shipping import ship

    from ..console import print_json, progress

    with progress("test") as show:
        shipment = ship(folders, out, data_dir=data, date=str(date.today()), progress=show)
    if as_json:
        print_json({"network": str(shipment.path), "accuracy": shipment.accuracy,
                    "agreement": shipment.agreement})
    else:
        print(f"{shipment.accuracy['test']:.2%} of {shipment.accuracy['images']} test images; "
              f"integers and training network agree on {shipment.agreement:.2%}")
        print(f"wrote {shipment.path} ({shipment.path.stat().st_size / 1024:.0f} KB)")
    return 0
