"""The stages of a training, one after the other, with a checkpoint after each epoch."""

import math
import time
from dataclasses import replace

import torch
from torch import nn

from ..compression.gradual import density_at
from ..compression.masks import Masks
from ..data import Split
from ..neurons.leaky import neurons_of
from .averaging import Average
from .batches import Batches
from .checkpoint import Checkpoint, in_stage, model_of, new_model, save_checkpoint
from .collapse import SpikeCount, check_spikes, counted_spikes
from .epoch import Learner, train_epoch
from .evaluation import predictions_of
from .job import Job
from .log import append_line, keep_lines
from .optimiser import make_optimiser
from .parallel import own_norms, share_norms
from .plots import plot_log
from .recipe import Recipe
from .rules import RecipeError
from .sparse import attention_taps, begin_sparse, masks_of, momentum_of, rewire
from .stage import Stage
from .state import restore, state_of
from .teacher import check_teacher, teacher_of
from .thresholds import initialise_thresholds

__all__ = ["LATEST", "LOG", "PICTURE", "train_stages"]

LOG, PICTURE, LATEST = "log.jsonl", "training.png", "checkpoint.safetensors"


def train_stages(job: Job, latest: Checkpoint | None, initial: Checkpoint | None,
                 initial_sha256: str) -> None:
    """Train what is left of the stages; leave a checkpoint of each, log and picture in the folder.

    ``latest`` is the checkpoint of a training that was interrupted, ``initial`` that of another
    training to begin with. Raises ``ValueError`` in one line if the data does not fit the recipe,
    when the loss is no number any more, or when the spikes of a layer have vanished.
    """
    recipe, training, validation = job.recipe, job.split("train"), job.split("validation")
    batches = Batches(recipe, training, device=job.device, rank=job.processes.rank,
                      processes=job.processes.count)
    for stage in job.stages:
        if not batches.count(stage):
            raise RecipeError(f"batch_size must be at most the {batches.drawn(stage)} training "
                              f"images of an epoch of {recipe.dataset}, not {recipe.batch_size}")
    check_teacher(job, initial)
    model, masks = _beginning(job, latest, initial, training)
    if job.processes.is_first:
        places = {stage.name: index for index, stage in enumerate(recipe.stages)}
        keep_lines(job.folder / LOG, lambda entry: latest is not None and (
            places.get(entry["stage"], math.inf), entry["epoch"]) <= _position(latest))
    for stage in job.stages:
        index = recipe.stage_index(stage.name)
        if latest and index < _position(latest)[0]:
            continue
        resumed = latest if latest and stage.name == latest.stage else None
        learner = _learner(job, stage, model, masks, resumed, initial)
        checkpoint = resumed
        for epoch in range(resumed.epoch if resumed else 0, stage.epochs):
            started = time.monotonic()
            loss, activity = train_epoch(job, stage, epoch, learner, batches)
            if not math.isfinite(loss):
                raise ValueError(f"stages.{stage.name}: the loss of epoch {epoch + 1} is {loss}; "
                                 f"choose a learning_rate below {stage.learning_rate}")
            if recipe.compression.method:
                rewire(job, stage, epoch, learner)
            else:
                _prune(recipe, index, epoch, learner)
            with counted_spikes(learner.average.model) as spikes:
                accuracy = _accuracy(job, stage, learner.average.model, validation)
            check_spikes(stage, epoch + 1, spikes)
            if not job.processes.is_first:
                continue
            append_line(job.folder / LOG, {
                "stage": stage.name, "form": stage.form, "epoch": epoch + 1,
                "loss": round(loss, 5), "validation": accuracy,
                "density": round(masks.density, 5),
                **{name: round(value, 6) for name, value in activity.items()},
                **_activity(recipe, stage, spikes),
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
            plot_log(job.folder / LOG, job.folder / PICTURE)
        job.processes.wait()


def _beginning(job: Job, latest: Checkpoint | None, initial: Checkpoint | None,
               training: Split) -> tuple[nn.Module, Masks]:
    begin = latest or initial
    if begin:
        _check_classes(begin, training)
        model = model_of(begin)
    else:
        torch.manual_seed(job.recipe.seed)
        model = new_model(job.recipe, training.images.shape[1:], len(training.classes))
    model = model.to(job.device, memory_format=torch.channels_last)
    masks = masks_of(job.recipe, model)
    if begin:
        masks.load(begin.part("mask"))
    if job.recipe.compression.method and not latest:
        begin_sparse(job.recipe, model, masks, initial)
    return model, masks


def _check_classes(begin: Checkpoint, training: Split) -> None:
    """Refuse a checkpoint for images of another shape or for another number of classes."""
    for what, found, wanted in [
            ("images", list(begin.input_shape), list(training.images.shape[1:])),
            ("number of classes", len(begin.classes), len(training.classes))]:
        if found != wanted:
            raise RecipeError(f"the {what} of the checkpoint to begin with must be those of the "
                              f"data set, {wanted}, not {found}")


def _position(checkpoint: Checkpoint) -> tuple[int, int]:
    """Return the stage and the epochs done in it."""
    return checkpoint.recipe.stage_index(checkpoint.stage), checkpoint.epoch


def _learner(job: Job, stage: Stage, model: nn.Module, masks: Masks,
             resumed: Checkpoint | None, initial: Checkpoint | None) -> Learner:
    recipe = job.recipe
    if not resumed:                                 # a checkpoint's model has its form already
        shape, spiked = job.split("train").images.shape[1:], bool(neurons_of(model))
        model = in_stage(own_norms(model), recipe, stage, shape)
    model = share_norms(model, job.processes).to(job.device, memory_format=torch.channels_last)
    if not resumed and neurons_of(model) and not spiked:
        initialise_thresholds(job, stage, model)
    teacher = teacher_of(job, stage, initial)
    learner = Learner(model, masks, make_optimiser(stage, model, neuron_rate=recipe.lif.rate),
                      Average(model, recipe.averaging), teacher,
                      momentum_of(recipe, stage, model),
                      attention_taps(recipe, stage, model, teacher))
    if resumed:
        restore(learner, resumed)
    return learner


def _prune(recipe: Recipe, index: int, epoch: int, learner: Learner) -> None:
    stage = recipe.stages[index]
    before = recipe.stages[index - 1].density if index else 1.0
    ramp = (epoch + 1) / (recipe.pruning.until * stage.epochs)
    density = density_at(ramp, start=before, end=stage.density)
    learner.masks.prune(learner.model, density, recipe.pruning.scope)
    learner.masks.forget(learner.model, learner.optimiser)
    if learner.average.decay:
        learner.masks.apply(learner.average.model)


def _activity(recipe: Recipe, stage: Stage, spikes: SpikeCount) -> dict:
    """Return what the log says of leaky neurons: steps, spikes per neuron, and by layer."""
    if not recipe.steps(stage):
        return {}
    by_layer = {layer: round(rate, 5) for layer, rate in spikes.by_layer().items()}
    return {"steps": recipe.steps(stage), "spikes": round(spikes.mean(), 5),
            "spikes_by_layer": by_layer}


def _accuracy(job: Job, stage: Stage, model: nn.Module, split: Split) -> float:
    if not job.processes.is_first:
        return 0.0
    predictions = predictions_of(model, job.worth(stage), split.images, device=job.device)
    return float((predictions == split.labels).mean())
