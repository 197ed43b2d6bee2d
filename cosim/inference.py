"""Long inferences with the golden model: in parts that survive, checked by the reference."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from algo.golden import Inference, infer, infer_events
from hw.network import Network

from .compare import first_divergence
from .console import Progress
from .failure import CheckFailed
from .parts import Parts, in_parts

__all__ = ["check_equal", "check_model", "check_trace_size", "infer_in_parts",
           "model_of"]

# Images that are checked at once, with traces.
IMAGES_PER_CHECK = 32
MAX_TRACE_BYTES = 1 << 31

# Called as ``infer`` is.
Model = Callable[..., Inference]


def model_of(method: str, threads: int | None) -> Model:
    """Return the golden model that goes by a name, ``events`` or ``reference``."""
    return infer if method == "reference" else partial(infer_events, threads=threads)


def check_trace_size(network: Network, images: int) -> None:
    """Raise ``ValueError`` if the traces of so many images are too large to keep in memory."""
    neurons = sum(shape.size for shape in network.neuron_shapes.values())
    spikes = sum(network.spike_shapes[layer.name].size for layer in network.layers[:-1])
    size = network.steps * (4 * neurons + spikes)
    if images * size > MAX_TRACE_BYTES:
        raise ValueError(f"--trace of {images} images would take {images * size / 2**30:.1f} GiB; "
                         f"-n must be at most {MAX_TRACE_BYTES // size} with this network")


def infer_in_parts(model: Model, network: Network, images: np.ndarray, *, trace: bool,
                   parts: Parts, progress: Progress) -> Inference:
    """Return what ``model`` answers; parts that are there are not inferred again."""
    def work(some: np.ndarray, show: Progress) -> dict[str, np.ndarray]:
        one = model(network, some, trace=trace, progress=show)
        return {"scores": one.scores, **one.trace}

    found = in_parts(work, images, parts=parts, progress=progress)
    return Inference(found.pop("scores"), found)


def check_model(model: Model, network: Network, images: np.ndarray, *,
                progress: Progress) -> np.ndarray:
    """Return the scores of the reference, int64 [N, classes], of at least one image.

    Raises :class:`CheckFailed` with the first score, potential or spike time of ``model`` that
    differs from it.
    """
    scores = []
    for first in range(0, len(images), IMAGES_PER_CHECK):
        some = images[first:first + IMAGES_PER_CHECK]
        expected = infer(network, some, trace=True)
        found = model(network, some, trace=True)
        check_equal(network, expected, found, first=first)
        scores.append(expected.scores)
        progress(first + len(some), len(images), "images")
    return np.concatenate(scores)


def check_equal(network: Network, expected: Inference, found: Inference, *,
                first: int = 0) -> None:
    """Raise :class:`CheckFailed` with the first difference; the images are those from ``first``."""
    divergence = first_divergence([layer.name for layer in network.layers], expected.scores,
                                  found.scores, expected.trace, found.trace)
    if divergence:
        divergence = replace(divergence, image=first + divergence.image)
        raise CheckFailed(f"events differ from the reference: {divergence}")
