"""The network that guides stages of a training."""

from functools import lru_cache
from pathlib import Path

import torch
from torch import nn

from ..data import Split
from ..models import SPIKING
from .beginning import begin_path, load_beginning
from .checkpoint import Checkpoint, model_of
from .job import Job
from .rules import RecipeError
from .stage import Stage

__all__ = ["check_teacher", "teacher_of"]


def check_teacher(job: Job, initial: Checkpoint | None) -> None:
    """Refuse a recipe whose teacher is missing, before hours of training lead up to it."""
    trained = [stage.name for stage in job.stages]
    if (job.recipe.distillation.teacher not in trained
            and any(_is_taught(job, stage) for stage in job.stages)):
        _checkpoint(job, initial)


def teacher_of(job: Job, stage: Stage, initial: Checkpoint | None) -> nn.Module | None:
    """Return the network that guides a stage, in evaluation mode; ``None`` if none does.

    ``initial`` is the checkpoint that the training began with. Raises :class:`RecipeError`.
    """
    if not _is_taught(job, stage):
        return None
    checkpoint, split = _checkpoint(job, initial), job.split("train")
    shape, classes = tuple(split.images.shape[1:]), len(split.classes)
    if (checkpoint.input_shape, len(checkpoint.classes)) != (shape, classes):
        raise RecipeError(f"distillation.teacher must know images {list(shape)} of {classes} "
                          f"classes, not {list(checkpoint.input_shape)} of "
                          f"{len(checkpoint.classes)}")
    teacher = model_of(checkpoint).requires_grad_(False)
    return teacher.to(job.device, memory_format=torch.channels_last)


def _is_taught(job: Job, stage: Stage) -> bool:
    """Whether a stage has a teacher: a path for all, a stage for those behind it that spike."""
    settings, names = job.recipe.distillation, [other.name for other in job.recipe.stages]
    if settings.weight == 0 and job.recipe.compression.attention == 0:
        return False
    if settings.teacher not in names:
        return True
    return stage.form in SPIKING and names.index(stage.name) > names.index(settings.teacher)


def _checkpoint(job: Job, initial: Checkpoint | None) -> Checkpoint:
    """Return the teacher's checkpoint, of a stage or at a path."""
    name = job.recipe.distillation.teacher
    is_own = name in [stage.name for stage in job.recipe.stages]
    path = job.stage_path(name) if is_own else begin_path(name)
    if path.exists():
        return _read(path, path.stat().st_mtime_ns, job.split("train"))
    if initial and initial.stage == name:
        return initial
    raise RecipeError("distillation.teacher must be a stage that this training has done, the "
                      f"checkpoint that it begins with, or another one; there is no {path}")


@lru_cache(maxsize=1)
def _read(path: Path, changed_ns: int, training: Split) -> Checkpoint:
    """Return what a path holds, read once for all stages: a network takes seconds to restore."""
    return load_beginning(path, training)
