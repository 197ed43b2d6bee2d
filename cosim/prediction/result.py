"""What a prediction found, as files: ``prediction.json``, and each image in ``prediction.npz``."""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np

from hw.compiler import Program
from hw.counters import COUNTERS

from ..energy import Table
from ..energy.action_counts import ACTION_COUNTS, write_action_counts
from ..images import ImageSet
from ..measures import measures
from .data_set import Prediction

__all__ = ["PREDICTION", "PREDICTION_FILES", "prediction_result", "write_prediction"]

# Files of a prediction; the one that is written last says that it is complete.
EACH_IMAGE, _, PREDICTION = PREDICTION_FILES = ("prediction.npz", ACTION_COUNTS, "prediction.json")
VERSIONS = ("firstspike", "numpy", "numba")
CYCLES = list(COUNTERS).index("cycles")


def prediction_result(program: Program, prediction: Prediction, image_set: ImageSet, table: Table,
                      *, network_sha256: str) -> dict:
    """Return the content of ``prediction.json``: what ``run.json`` says of counts, and how cycles
    differ from image to image; counts and energies are means over the images.
    """
    cycles = prediction.counts[:, :, CYCLES].sum(axis=1)
    return {
        "network": program.network.name, "network_sha256": network_sha256,
        "config": program.config.name, "config_sha256": program.config.sha256,
        "images": len(image_set.images), "images_from": image_set.source,
        "accuracy": image_set.accuracy(prediction.scores.argmax(axis=1)),
        "cycles_of_images": {
            "least": int(cycles.min()), "median": float(np.median(cycles)),
            "percentile_99": float(np.percentile(cycles, 99)), "most": int(cycles.max())},
        **measures(program.network, program.config, table, prediction.counts.mean(axis=0)),
        "versions": {"python": platform.python_version()} | {
            package: version(package) for package in VERSIONS}}


def write_prediction(directory: Path, result: dict, prediction: Prediction) -> None:
    """Write the files of a prediction into an existing folder.

    ``prediction.npz`` has what :class:`~.data_set.Prediction` has, ``scores`` and ``counts``, and
    the names of the ``counters``.
    """
    np.savez_compressed(directory / EACH_IMAGE, scores=prediction.scores, counts=prediction.counts,
                        counters=np.array(list(COUNTERS)))
    write_action_counts(directory, result["energy_rows"])
    (directory / PREDICTION).write_text(json.dumps(result, indent=1) + "\n")
