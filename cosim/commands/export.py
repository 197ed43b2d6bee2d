"""Write the network file of a checkpoint or of a NIR graph, or a network in another form.

That is a NIR graph, or the same network with narrower products and potentials.
"""

from pathlib import Path
from typing import Annotated

import typer

from .options import Data, Json


def run(
    source: Annotated[str, typer.Argument(
        metavar="CHECKPOINT|GRAPH.nir|NETWORK", show_default=False,
        help="Checkpoint that a training wrote; NIR graph; or a network file or zoo:NAME, to write "
        "a NIR graph, or with other bits or coding.")],
    out: Annotated[Path, typer.Option(
        "-o", "--out", metavar="FILE", show_default=False,
        help="File to write; one that ends in .nir becomes a NIR graph.")],
    product_bits: Annotated[int | None, typer.Option(
        "--product-bits", metavar="F", show_default=False,
        help="Fraction bits of products (default: those of the source, or 12).")] = None,
    potential_bits: Annotated[int | None, typer.Option(
        "--potential-bits", metavar="A", show_default=False,
        help="Bits of potentials (default: those of the source, or 24).")] = None,
    images: Annotated[str | None, typer.Option(
        "--images", metavar="X", show_default=False,
        help="Biases make good what truncation takes away on average over the first 100 of these "
        "images, an .npz file or a split (as training does with its own).")] = None,
    data: Data = None,
    steps: Annotated[int | None, typer.Option(
        "--steps", metavar="N", show_default=False,
        help="GRAPH.nir: how often the image is presented.")] = None,
    drop_last_neurons: Annotated[bool, typer.Option(
        "--drop-last-neurons", help="GRAPH.nir: leave out neurons behind the last layer, and read "
        "the classes off the sum of their inputs.")] = False,
    dt: Annotated[float | None, typer.Option(
        "--dt", metavar="SECONDS", show_default=False,
        help="GRAPH.nir: a step, in the time of its tau (default: 1e-4, as snnTorch).")] = None,
    input_shape: Annotated[str | None, typer.Option(
        "--input-shape", metavar="CxHxW", show_default=False,
        help="GRAPH.nir: of the images, where it takes vectors.")] = None,
    coding: Annotated[str | None, typer.Option(
        "--coding", metavar="NAME", show_default=False,
        help="GRAPH.nir or NETWORK: input table: bits (default of a graph), time, greedy2 or "
        "greedy3.")] = None,
    weight_bits: Annotated[int | None, typer.Option(
        "--weight-bits", metavar="B", show_default=False,
        help="GRAPH.nir: bits of a weight, with its sign (default: 5).")] = None,
    weight_steps: Annotated[int | None, typer.Option(
        "--weight-steps", metavar="R", show_default=False,
        help="GRAPH.nir: weights in each octave (default: 2).")] = None,
    classes: Annotated[str | None, typer.Option(
        "--classes", metavar="A,B,…", show_default=False,
        help="GRAPH.nir: names of the classes.")] = None,
    as_json: Json = False,
) -> int:
    from hw.network import fingerprint

    from ..console import print_json
    from ..interchange import refuse_options, save, shipped_or_file
    from ..output import new_file

    of_graph = {"--steps": steps, "--drop-last-neurons": drop_last_neurons or None, "--dt": dt,
                "--input-shape": input_shape, "--coding": coding, "--weight-bits": weight_bits,
                "--weight-steps": weight_steps, "--classes": classes}
    bits = {"product_bits": product_bits, "potential_bits": potential_bits}
    notes = []
    if source.endswith(".nir"):
        from ..interchange import network_of_graph

        refuse_options({"--images": images}, "a checkpoint")
        network, notes = network_of_graph(
            Path(source), bits | {"weight_bits": weight_bits,
                                  "weight_steps_per_octave": weight_steps},
            steps=steps, drop_last_neurons=drop_last_neurons, dt=dt, input_shape=input_shape,
            coding=coding, classes=classes)
    elif out.suffix == ".nir":
        refuse_options(of_graph, "a graph (.nir)")
        refuse_options({"--images": images, "--product-bits": product_bits,
                        "--potential-bits": potential_bits}, "a checkpoint or a graph")
        network = shipped_or_file(source)
    elif _is_network(source):
        refuse_options(of_graph | {"--coding": None}, "a graph (.nir)")
        network = _with_precision(shipped_or_file(source), bits, coding, images, data)
    else:
        refuse_options(of_graph, "a graph (.nir) or a network")
        network = _network_of_checkpoint(Path(source), bits, images, data)
    with new_file(out) as path:
        save(network, path)
    if as_json:
        print_json({"network": str(out), "sha256": fingerprint(out)}
                   | ({"notes": notes} if notes else {}))
    else:
        print("\n".join([*notes, f"wrote {out}"]))
    return 0


def _is_network(source: str) -> bool:
    from algo.training.beginning import is_network
    from algo.zoo import network_path

    return is_network(network_path(source))


def _network_of_checkpoint(checkpoint: Path, bits: dict, images: str | None, data: Path | None):
    from algo.training.checkpoint_export import export_checkpoint
    from algo.truncation import compensated

    network = export_checkpoint(checkpoint, **bits)
    known = _known_images(network, images, data)
    return network if known is None else compensated(network, known)


def _with_precision(network, bits: dict, coding: str | None, images: str | None, data: Path | None):
    from algo.precision import with_precision

    if coding is images is None and not any(value is not None for value in bits.values()):
        raise ValueError("a network file needs --product-bits, --potential-bits, --coding or "
                         "--images, to become another one")
    return with_precision(network, **bits, coding=coding,
                          images=_known_images(network, images, data))


def _known_images(network, images: str | None, data: Path | None):
    """Return the images that tell what truncation takes away, if there are any."""
    from algo.truncation import KNOWN

    from ..images import load_images

    if images is None:
        return None
    return load_images(images, network.input_shape, data_dir=data).images[:KNOWN]
