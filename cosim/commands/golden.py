"""Integer inference with the golden model; write scores, and with --trace every layer."""

from .options import Count, Data, Images, Json, Network, OutFile, Trace


def run(file: Network, images: Images, out: OutFile, n: Count = None, data: Data = None,
        trace: Trace = False, as_json: Json = False) -> int:
    import numpy as np

    from algo.golden import infer
    from hw.network import load_network

    from ..console import print_json, progress
    from ..images import load_images
    from ..output import new_file
    from ..zoo import network_path

    network = load_network(network_path(file))
    image_set = load_images(images, network.input_shape, count=n, data_dir=data)
    with new_file(out) as path:
        with progress("golden") as show:
            result = infer(network, image_set.images, trace=trace, progress=show)
        with path.open("wb") as npz:
            np.savez_compressed(npz, scores=result.scores, **result.trace)
    accuracy = image_set.accuracy(result.predictions)
    if as_json:
        print_json({"images": len(image_set.images), "accuracy": accuracy, "out": str(out)})
    else:
        known = "" if accuracy is None else f", {accuracy:.2%} right"
        print(f"{len(image_set.images)} images{known}; wrote {out}")
    return 0
