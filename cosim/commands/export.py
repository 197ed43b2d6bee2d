"""Write the network file of a checkpoint."""

from pathlib import Path
from typing import Annotated

import typer

from .options import Json, OutFile


def run(
    checkpoint: Annotated[Path, typer.Argument(
        metavar="CHECKPOINT", show_default=False, help="Checkpoint that a training wrote.")],
    out: OutFile,
    as_json: Json = False,
) -> int:
    from algo.training.checkpoint_export import export_checkpoint
    from hw.network import fingerprint, save_network

    from ..console import print_json
    from ..output import new_file

    network = export_checkpoint(checkpoint)
    with new_file(out) as path:
        save_network(network, path)
    if as_json:
        print_json({"network": str(out), "sha256": fingerprint(out)})
    else:
        print(f"wrote {out}")
    return 0
