"""Write the network file of a checkpoint."""

from pathlib import Path
from typing import Annotated

import typer

from .options import Data, Json, OutFile


def run(
    checkpoint: Annotated[Path, typer.Argument(
        metavar="CHECKPOINT", show_default=False, help="Checkpoint that a training wrote.")],
    out: OutFile,
    product_bits: Annotated[int | None, typer.Option(
        "--product-bits", metavar="F", show_default=False,
        help="Fraction bits of products (default: those of the recipe).")] = None,
    potential_bits: Annotated[int | None, typer.Option(
        "--potential-bits", metavar="A", show_default=False,
        help="Bits of potentials (default: those of the recipe).")] = None,
    images: Annotated[str | None, typer.Option(
        "--images", metavar="X", show_default=False,
        help="Biases make good what truncation takes away on average over the first 100 of these "
        "images, an .npz file or a split (as training does with its own).")] = None,
    data: Data = None,
    as_json: Json = False,
) -> int:
    from algo.training.checkpoint_export import export_checkpoint
    from algo.truncation import KNOWN, compensated
    from hw.network import fingerprint, save_network

    from ..console import print_json
    from ..images import load_images
    from ..output import new_file

    network = export_checkpoint(checkpoint, product_bits=product_bits,
                                potential_bits=potential_bits)
    if images:
        known = load_images(images, network.input_shape, data_dir=data).images[:KNOWN]
        network = compensated(network, known)
    with new_file(out) as path:
        save_network(network, path)
    if as_json:
        print_json({"network": str(out), "sha256": fingerprint(out)})
    else:
        print(f"wrote {out}")
    return 0
