"""Count synaptic operations and spikes on images, exactly; show weights and operation energies."""

import json
from pathlib import Path
from typing import Annotated

import typer

from .options import Count, Data, Images, Json, Network


def run(
    file: Network,
    images: Images,
    n: Count = None,
    data: Data = None,
    out: Annotated[Path | None, typer.Option(
        "-o", "--out", metavar="FILE.json", show_default=False,
        help="Also write the result to a file.")] = None,
    threads: Annotated[int | None, typer.Option(
        "--threads", metavar="N", min=1, show_default=False,
        help="At most so many threads (default: one for each core).")] = None,
    as_json: Json = False,
) -> int:
    from algo.operations.counting import count_operations
    from algo.zoo import network_path
    from hw.network import fingerprint, load_network

    from ..console import print_json, progress
    from ..images import load_images
    from ..operations import describe_operations, print_operations
    from ..output import new_file, new_files

    path = network_path(file)
    network = load_network(path)
    image_set = load_images(images, network.input_shape, count=n, data_dir=data)
    if out:
        if out.is_dir():
            raise IsADirectoryError(None, "Is a directory", str(out))
        with new_files(out.parent, []):                     # before minutes of inference
            pass
    with progress("operations") as show:
        found = count_operations(network, image_set.images, threads=threads, progress=show)
    result = {"network": file, "sha256": fingerprint(path), "source": image_set.source,
              **describe_operations(network, found, image_set.accuracy(found.predictions))}
    if out:
        with new_file(out) as new:
            new.write_text(json.dumps(result, indent=1))
    if as_json:
        print_json(result)
    else:
        print_operations(result)
        if out:
            print(f"wrote {out}")
    return 0
