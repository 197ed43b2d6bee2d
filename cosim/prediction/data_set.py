"""Counts of many images: the golden model says what fires, calculation what that takes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from algo.golden import check_images, cores, infer_events
from algo.golden.inference import Progress
from algo.operations.counting import images_at_once
from hw.compiler import Program

from ..parts import Parts, in_parts
from .counting import Counting

__all__ = ["Prediction", "predict", "predict_in_parts"]


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the RTL would do with some images.

    Parameters
    ----------
    scores
        int64 [N, classes].
    counts
        int64 [N, layers, counters], in the order of ``hw.counters.COUNTERS``.
    """

    scores: np.ndarray
    counts: np.ndarray


def predict(program: Program, images: np.ndarray, *, counting: Counting | None = None,
            threads: int | None = None, progress: Progress | None = None) -> Prediction:
    """Return scores and every count of each image, equal to those of the RTL.

    The first call on a machine compiles for some seconds.

    Parameters
    ----------
    images
        uint8 [N, C, H, W], N ≥ 1; ``ValueError`` if not.
    counting
        That of ``program``, if it is there already.
    threads
        As of :func:`algo.golden.infer_events`; the result does not depend on it.
    progress
        Called after some of the images.
    """
    network = program.network
    check_images(network, images)
    if not len(images):
        raise ValueError("images must be at least one, not none")
    counting = counting or Counting(program)
    scores, counts, size = [], [], images_at_once(network)
    with ThreadPoolExecutor(threads or cores()) as pool:
        for start in range(0, len(images), size):
            some = images[start:start + size]
            found = infer_events(network, some, trace=True, threads=threads)
            maps = {layer.name: found.trace[f"{layer.name}.time"] for layer in network.layers[:-1]}
            counts += pool.map(lambda index, some=some, maps=maps: counting.counts(
                some[index], {name: values[index] for name, values in maps.items()}),
                range(len(some)))
            scores.append(found.scores)
            if progress:
                progress(start + len(some), len(images), "images")
    return Prediction(np.concatenate(scores), np.stack(counts))


def predict_in_parts(program: Program, images: np.ndarray, *, threads: int | None = None,
                     parts: Parts | None = None, progress: Progress) -> Prediction:
    """Return what :func:`predict` does; ``parts`` that are there are not worked out again."""
    counting = Counting(program)

    def work(some: np.ndarray, show: Progress) -> dict[str, np.ndarray]:
        return vars(predict(program, some, counting=counting, threads=threads, progress=show))

    if parts is None:
        return Prediction(**work(images, progress))
    return Prediction(**in_parts(work, images, parts=parts, progress=progress))
