"""Whether the counters of the RTL are those that were calculated."""

import numpy as np

from hw.compiler import Program
from hw.counters import COUNTERS

from .data_set import predict

__all__ = ["agreement"]


def agreement(program: Program, images: np.ndarray, counts: np.ndarray) -> dict:
    """Return on how many images every count is as predicted, and the first that is not.

    ``counts`` are those of the RTL, int64 [N, layers, counters]. ``first_difference`` is ``None``,
    or image, layer, counter, and both values.
    """
    predicted = predict(program, images).counts
    differs = predicted != counts
    first = None
    if differs.any():
        image, layer, counter = np.argwhere(differs)[0].tolist()
        first = {"image": image, "layer": program.layers[layer].name,
                 "counter": list(COUNTERS)[counter],
                 "predicted": int(predicted[image, layer, counter]),
                 "counted": int(counts[image, layer, counter])}
    return {"equal_images": int((~differs.any(axis=(1, 2))).sum()), "first_difference": first}
