"""Integer inference with the golden model; write scores, and with --trace every layer."""

from enum import StrEnum
from typing import Annotated

import typer

from .options import Count, Data, Images, Json, Network, OutFile, Trace


class Method(StrEnum):
    """Which golden model."""

    EVENTS = "events"
    REFERENCE = "reference"


def run(
    file: Network,
    images: Images,
    out: OutFile,
    n: Count = None,
    data: Data = None,
    trace: Trace = False,
    method: Annotated[Method, typer.Option(
        "--method", help="Event-driven and compiled, or the reference: plain PyTorch, many times "
        "slower, the same result.")] = Method.EVENTS,
    check: Annotated[int, typer.Option(
        "--check", metavar="K", min=0, help="The first K images also through the reference; stop "
        "if anything in them differs.")] = 4,
    threads: Annotated[int | None, typer.Option(
        "--threads", metavar="N", min=1, show_default=False,
        help="With events: at most so many threads (default: one for each core).")] = None,
    resume: Annotated[bool, typer.Option(
        "--resume", help="Continue a run that was stopped: its parts lie in FILE.part.")] = False,
    as_json: Json = False,
) -> int:
    import numpy as np

    from algo.golden import Inference
    from algo.zoo import network_path
    from hw.network import fingerprint, load_network

    from .. import inference
    from ..console import print_json, progress
    from ..images import load_images
    from ..output import new_file
    from ..parts import open_parts

    path = network_path(file)
    network = load_network(path)
    image_set = load_images(images, network.input_shape, count=n, data_dir=data)
    if trace:
        inference.check_trace_size(network, len(image_set.images))
    parts = open_parts(out, {
        "network": fingerprint(path), "images": image_set.sha256,
        "method": str(method), "trace": str(trace)}, resume=resume)
    model = inference.model_of(method, threads)
    checked = min(check, len(image_set.images)) if method is Method.EVENTS else 0
    if checked:
        with progress("check") as show:
            expected = inference.check_model(model, network, image_set.images[:checked],
                                             progress=show)
    with progress("golden") as show:
        result = inference.infer_in_parts(model, network, image_set.images, trace=trace,
                                          parts=parts, progress=show)
    if checked:
        inference.check_equal(network, Inference(expected), Inference(result.scores[:checked]))
    with new_file(out) as new, new.open("wb") as npz:
        np.savez_compressed(npz, scores=result.scores, **result.trace)
    parts.remove()
    accuracy = image_set.accuracy(result.predictions)
    if as_json:
        print_json({"images": len(image_set.images), "accuracy": accuracy, "method": method,
                    "checked": checked, "out": str(out)})
    else:
        known = "" if accuracy is None else f", {accuracy:.2%} right"
        equal = f", the first {checked} equal the reference" if checked else ""
        print(f"{len(image_set.images)} images{known}{equal}; wrote {out}")
    return 0
