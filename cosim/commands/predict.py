"""The counters of a run by calculation, without the RTL: cycles and energy of whole data sets."""

from pathlib import Path
from typing import Annotated

import typer

from .options import Count, Data, Fitting, Images, Json, Network


def run(
    file: Network,
    images: Images,
    out: Annotated[Path | None, typer.Option(
        "-o", "--out", metavar="DIR", show_default=False,
        help="Folder for prediction.json and what a report needs.")] = None,
    n: Count = None,
    data: Data = None,
    config: Fitting = "auto",
    threads: Annotated[int | None, typer.Option(
        "--threads", metavar="N", min=1, show_default=False,
        help="At most so many threads (default: one for each core).")] = None,
    resume: Annotated[bool, typer.Option(
        "--resume", help="Continue a prediction that was stopped; its parts lie in DIR.")] = False,
    as_json: Json = False,
) -> int:
    from algo.zoo import network_path
    from hw.compiler import compile_network
    from hw.network import fingerprint, load_network

    from ..console import print_json, progress
    from ..context import command_line
    from ..energy import check_table, load_table
    from ..fitting import fitting_configuration
    from ..images import load_images
    from ..output import new_files
    from ..parts import open_parts
    from ..prediction import (
        PREDICTION,
        PREDICTION_FILES,
        predict_in_parts,
        prediction_result,
        write_prediction,
    )
    from ..record import RECORD_FILES, write_record
    from ..summary import print_prediction

    if resume and out is None:
        raise ValueError("--resume needs -o: there lie the parts")
    path = network_path(file)
    network = load_network(path)
    image_set = load_images(images, network.input_shape, count=n, data_dir=data)
    processor, table = fitting_configuration(network, config), load_table()
    check_table(processor, table)
    program, sha256 = compile_network(network, processor), fingerprint(path)
    parts = None if out is None else open_parts(out / PREDICTION, {
        "network": sha256, "images": image_set.sha256, "config": processor.sha256}, resume=resume)
    with progress("predict") as show:
        prediction = predict_in_parts(program, image_set.images, threads=threads, parts=parts,
                                      progress=show)
    result = prediction_result(program, prediction, image_set, table, network_sha256=sha256)
    if out is not None:
        command = command_line("predict", file, images=images, n=n, data=data, config=config, o=out)
        with new_files(out, (*RECORD_FILES, *PREDICTION_FILES)) as stage:
            write_record(stage, network, path, processor, image_set, command=command)
            write_prediction(stage, result, prediction)
        parts.remove()
    if as_json:
        print_json(result)
    else:
        print_prediction(result)
        if out is not None:
            print(f"wrote {out}")
    return 0
