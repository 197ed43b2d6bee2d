"""The one reading of the test part, when all training is done."""

from dataclasses import replace

import numpy as np

from .checkpoint import load_checkpoint, model_of, save_checkpoint
from .evaluation import predictions_of
from .job import Job
from .log import append_line
from .stages import LOG

__all__ = ["test_stages"]

# By which name the accuracy after the last stage of a form is known.
NAMES = {"relu": "float", "clip": "clipped", "time": "time_coded", "log": "log_weights",
         "lif": "leaky", "lif-log": "leaky_log_weights"}


def test_stages(job: Job) -> tuple[dict[str, float], np.ndarray]:
    """Return accuracies on the test part, and the classes int64 [N] of the last network.

    The last stage of each form is tested, and its checkpoint and the log learn its accuracy.
    """
    test, accuracy = job.split("test"), {}
    last = {stage.form: stage for stage in job.stages}
    for form, stage in last.items():
        path = job.stage_path(stage.name)
        checkpoint = load_checkpoint(path)
        model = model_of(checkpoint).to(job.device)
        predictions = predictions_of(model, job.worth(stage), test.images, device=job.device)
        accuracy[NAMES[form]] = float((predictions == test.labels).mean())
        known = {**checkpoint.accuracy, "test": accuracy[NAMES[form]], "images": len(test.labels)}
        save_checkpoint(path, replace(checkpoint, accuracy=known))
    append_line(job.folder / LOG, {"test": accuracy, "images": len(test.labels),
                                   "read": "once, when all training was done"})
    return accuracy, predictions
