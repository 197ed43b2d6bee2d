"""The stages of a training, one after the other, with a checkpoint after each epoch."""

import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from ..data import Split
from ..models import FORMS, SPIKING, in_form
from ..prune import Masks, density_at
from .averaging import Average
from .batches import Batches
from .checkpoint import Checkpoint, load_checkpoint, model_of, new_model, save_checkpoint
from .epoch import Learner, train_epoch
from .evaluation import predictions_of
from .job import Job
from .log import append_line, keep_lines
from .optimiser import make_optimiser
from .parallel import share_norms
from .recipe import Recipe, RecipeError, Stage
from .state import restore, state_of

__all__ = ["LATEST", "LOG", "train_stages"]

LOG, LATEST = "log.jsonl", "checkpoint.safetensors"


def train_stages(job: Job, latest: Checkpoint | None, initial: Checkpoint | None,
                 initial_sha256: str) -> None:
    """Train what is left of the stages; leave a checkpoint of each in the folder.

    ``latest`` is the checkpoint of a training that was interrupted, ``initial`` that of another
    training to begin with.
    """
    recipe, training, validation = job.recipe, job.split("train"), job.split("validation")
    batches = Batches(recipe, training, device=job.device, rank=job.processes.rank,
                      processes=job.processes.count)
    model, masks = _beginning(job, latest or initial, training)
    if job.processes.is_first:
        keep_lines(job.folder / LOG, lambda entry: latest is not None and (
            recipe.stage_index(entry["stage"]), entry["epoch"]) <= _position(latest))
    for index, stage in enumerate(recipe.stages):
        if latest and index < _position(latest)[0]:
            continue
        if initial and FORMS.index(stage.form) <= FORMS.index(initial.form):
            continue
        resumed = latest if latest and stage.name == latest.stage else None
        learner = _learner(job, stage, model, masks, resumed, initial)
        checkpoint = resumed
        for epoch in range(resumed.epoch if resumed else 0, stage.epochs):
            started = time.monotonic()
            loss = train_epoch(job, stage, epoch, learner, batches)
            _prune(recipe, index, epoch, learner)
            accuracy = _accuracy(job, learner.average.model, validation)
            if not job.processes.is_first:
                continue
            append_line(job.folder / LOG, {
                "stage": stage.name, "form": stage.form, "epoch": epoch + 1,
                "loss": round(loss, 5), "validation": accuracy,
                "density": round(masks.density, 5),
                "seconds": round(time.monotonic() - started, 2)})
            checkpoint = Checkpoint(
                recipe=recipe, stage=stage.name, epoch=epoch + 1, initial=initial_sha256,
                input_shape=training.images.shape[1:], classes=training.classes,
                accuracy={"validation": accuracy}, tensors=state_of(learner))
            save_checkpoint(job.folder / LATEST, checkpoint)
        learner.model.load_state_dict(learner.average.model.state_dict())
        model = learner.model
        if job.processes.is_first:
            kept = {**checkpoint.tensors, **{f"model.{key}": tensor for key, tensor
                                             in model.state_dict().items()}}
            kept = {key: kept[key] for key in kept if key.startswith(("model.", "mask."))}
            save_checkpoint(job.stage_path(stage.name), replace(checkpoint, tensors=kept))
        job.processes.wait()


def _beginning(job: Job, begin: Checkpoint | None, training: Split) -> tuple[nn.Module, Masks]:
    if begin:
        model = model_of(begin)
    else:
        torch.manual_seed(job.recipe.seed)
        model = new_model(job.recipe, training.images.shape[1:], len(training.classes))
    model = model.to(job.device, memory_format=torch.channels_last)
    masks = Masks(model)
    if begin:
        masks.load(begin.part("mask"))
    return model, masks


def _position(checkpoint: Checkpoint) -> tuple[int, int]:
    """Return the stage and the epochs done in it."""
    return checkpoint.recipe.stage_index(checkpoint.stage), checkpoint.epoch


def _learner(job: Job, stage: Stage, model: nn.Module, masks: Masks,
             resumed: Checkpoint | None, initial: Checkpoint | None) -> Learner:
    recipe = job.recipe
    if not resumed:                                 # a checkpoint's model has its form already
        shape = job.split("train").images.shape[1:]
        model = in_form(model, stage.form, stage.numbers(recipe.numbers), shape)
    model = share_norms(model, job.processes).to(job.device, memory_format=torch.channels_last)
    learner = Learner(model, masks, make_optimiser(stage, model),
                      Average(model, recipe.averaging), _teacher(job, stage, initial))
    if resumed:
        restore(learner, resumed)
    return learner


def _teacher(job: Job, stage: Stage, initial: Checkpoint | None) -> nn.Module | None:
    """Return the float network that guides a spiking form, in evaluation mode."""
    settings = job.recipe.distillation
    if stage.form not in SPIKING or settings.weight == 0:
        return None
    names = [other.name for other in job.recipe.stages]
    is_own = settings.teacher in names
    if is_own and names.index(stage.name) <= names.index(settings.teacher):
        return None
    path = job.stage_path(settings.teacher) if is_own else Path(settings.teacher)
    if path.exists():
        checkpoint = load_checkpoint(path)
    elif initial and initial.stage == settings.teacher:
        checkpoint = initial
    else:
        raise RecipeError(f"distillation.teacher must be a stage that this training has done, the "
                          f"checkpoint that it begins with, or another one; there is no {path}")
    teacher = model_of(checkpoint).requires_grad_(False)
    return teacher.to(job.device, memory_format=torch.channels_last)


def _prune(recipe: Recipe, index: int, epoch: int, learner: Learner) -> None:
    stage = recipe.stages[index]
    before = recipe.stages[index - 1].density if index else 1.0
    ramp = (epoch + 1) / (recipe.pruning.until * stage.epochs)
    density = density_at(ramp, start=before, end=stage.density)
    learner.masks.prune(learner.model, density, recipe.pruning.scope)
    if learner.average.decay:
        learner.masks.apply(learner.average.model)


def _accuracy(job: Job, model: nn.Module, split: Split) -> float:
    if not job.processes.is_first:
        return 0.0
    predictions = predictions_of(model, job.worth(), split.images, device=job.device)
    return float((predictions == split.labels).mean())
