"""Compression in a training: masks at its beginning, and how they move from epoch to epoch."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ..compression.attention import block_ends
from ..compression.masks import Masks, prunable_weights
from ..compression.momentum import Momentum
from ..compression.regrowth import drop_fraction
from ..compression.rewiring import competing_weights, first_wiring, rewired, thinned
from .checkpoint import Checkpoint
from .epoch import Learner
from .job import Job
from .recipe import Recipe
from .rules import RecipeError
from .stage import Stage

__all__ = ["attention_taps", "begin_sparse", "masks_of", "momentum_of", "rewire"]

# Forms of stages in which masks move; later ones train under those of the last of them.
MOVING = ("relu", "clip", "time")
# Forms whose activations are one map for each image, as attention maps need them.
MAPPED = (*MOVING, "log")
# Keeps random masks apart from the order of images, which has the same seed.
STREAM = 1 << 60


def masks_of(recipe: Recipe, model: nn.Module) -> Masks:
    """Return masks of a dense model for the structure of a recipe.

    Raises :class:`RecipeError` if ``compression.dense`` does not fit the model.
    """
    if recipe.compression.method:
        with _errors_of_recipe():
            competing_weights(recipe.compression, model)
    return Masks(model, by_channel=recipe.compression.structure == "channel")


def begin_sparse(recipe: Recipe, model: nn.Module, masks: Masks,
                 initial: Checkpoint | None) -> None:
    """Make a model sparse before its first step, in place: at random, or its largest weights.

    The latter if it is that of a checkpoint; whose masks stay, if it was compressed to the same
    structure and density. Raises :class:`RecipeError` if the density is too small.
    """
    settings = recipe.compression.at(0)
    if not (initial and _wiring(initial.recipe) == _wiring(recipe)):
        generator = None if initial else torch.Generator().manual_seed(STREAM | recipe.seed << 20)
        with _errors_of_recipe():
            masks.keep(first_wiring(settings, model, generator))
    masks.apply(model)


def momentum_of(recipe: Recipe, stage: Stage, model: nn.Module) -> Momentum | None:
    """Return the momentum of a stage in which masks move by it; ``None`` for others."""
    if recipe.compression.method not in ("attention", "momentum") or stage.form not in MOVING:
        return None
    return Momentum(model, list(prunable_weights(model)))


def attention_taps(recipe: Recipe, stage: Stage, model: nn.Module,
                   teacher: nn.Module | None) -> tuple[list[str], list[str]]:
    """Return the names of the activations that are compared, of model and teacher.

    Raises :class:`RecipeError` if they have another number of blocks.
    """
    if not recipe.compression.attention or teacher is None or stage.form not in MAPPED:
        return [], []
    found = block_ends(model), block_ends(teacher)
    if len(found[0]) != len(found[1]):
        raise RecipeError(f"distillation.teacher must have the {len(found[0])} blocks of the "
                          f"network, not {len(found[1])}")
    return found


def rewire(job: Job, stage: Stage, epoch: int, learner: Learner) -> None:
    """Thin masks out and move them at the end of epoch ``epoch`` of a stage, if they do."""
    recipe = job.recipe
    moving = [other for other in job.stages if other.form in MOVING]
    if stage not in moving:
        return
    epochs = sum(other.epochs for other in moving)
    done = sum(other.epochs for other in moving[:moving.index(stage)]) + epoch + 1
    settings, before = (recipe.compression.at(count / epochs) for count in (done, done - 1))
    number = recipe.epochs_before(stage.name) + epoch + 1
    generator = torch.Generator().manual_seed(STREAM | recipe.seed << 20 | number)
    if settings.density < before.density:
        _keep(learner, thinned(settings, learner.model, learner.masks.tensors, generator))
    fraction = drop_fraction(settings.drop, done, epochs)
    if settings.method == "magnitude" or not fraction:
        return
    momentum = learner.momentum.tensors if learner.momentum else {}
    for masks in rewired(settings, learner.model, learner.masks.tensors, momentum, fraction,
                         generator):
        _keep(learner, masks)


def _keep(learner: Learner, masks: dict[str, Tensor]) -> None:
    learner.masks.keep(masks)
    learner.masks.apply(learner.model)
    learner.masks.apply(learner.average.model)
    learner.masks.forget(learner.model, learner.optimiser)


def _wiring(recipe: Recipe) -> tuple:
    """Return what says which weights a network may keep."""
    settings = recipe.compression
    return (bool(settings.method), settings.structure, settings.lanes, settings.density,
            settings.begin, settings.dense)


@contextmanager
def _errors_of_recipe() -> Iterator[None]:
    """Name the part of the recipe in errors of ``algo.compression``."""
    try:
        yield
    except ValueError as error:
        raise RecipeError(f"compression: {error}") from None
