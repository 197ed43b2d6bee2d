"""What a training may begin with, or be taught by: a checkpoint, or a network file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from hw.network import Network, NetworkError, load_network

from ..coding import pixel_values
from ..compression.masks import prunable_weights
from ..conversion.floats import with_weights_of
from ..conversion.tracing import NORMS
from ..data import Split
from ..models import in_form
from ..zoo import network_path
from .checkpoint import KEY, Checkpoint, CheckpointError, load_checkpoint, new_model
from .evaluation import values_of
from .recipe import Recipe
from .recipe_file import recipe_from
from .stage import Stage

__all__ = ["begin_path", "is_network", "load_beginning", "restored", "stages_behind"]

# Name of the stage that stands for the training of a network file.
RESTORED = "restored"
# Training images that tell statistics well enough, and how many go through the network at once.
KNOWN, BATCH = 2048, 256
# Scales of scores that are tried: octaves.
SCALES = range(-24, 25)


def begin_path(name: str | Path | None) -> Path | None:
    """Return the file that ``name`` stands for: a path, or a shipped network as ``zoo:NAME``."""
    return None if name is None else network_path(str(name))


def load_beginning(path: Path, training: Split) -> Checkpoint:
    """Read a checkpoint, or restore one from a network file with images of ``training``.

    Raises :class:`CheckpointError` in one line if it is neither, or does not fit.
    """
    if not is_network(path):
        return load_checkpoint(path)
    try:
        return restored(load_network(path), training)
    except NetworkError as error:
        raise CheckpointError(str(error)) from None
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from None


def stages_behind(recipe: Recipe, begin: Checkpoint) -> tuple[Stage, ...]:
    """Return the stages of ``recipe`` that a training has yet to do from ``begin`` on.

    A leaky network from a file may also be trained further at the steps that it has.
    """
    return recipe.stages_after(begin.form, begin.steps + (begin.stage == RESTORED))


def is_network(path: Path) -> bool:
    """Return whether a file is a network file; ``OSError`` if it is missing."""
    path.stat()                                     # OSError of the usual form, if it is missing
    if path.is_dir() or path.suffix == ".xz":
        return path.is_file()
    try:
        with safe_open(path, framework="pt") as file:
            return KEY not in (file.metadata() or {KEY: ""}) and "firstspike" in file.metadata()
    except SafetensorError:
        return False


def restored(network: Network, training: Split) -> Checkpoint:
    """Return the float network that ``network`` was exported from, ready to be trained on.

    Time-coded networks come back in the form ``clip``, to be converted again; leaky ones in the
    form ``lif``. Weights are those of the file, so logarithmic, and what is 0 has no mask. Batch
    normalisation gets the statistics of ``KNOWN`` training images, and gains and offsets that undo
    them; scores the scale at which their cross-entropy is least.

    Raises ``ValueError`` if the file was not trained by a recipe, or not of its architecture.
    """
    settings = network.provenance.get("settings")
    if not settings:
        raise ValueError(f"{network.name} must say in its provenance which recipe trained it, to "
                         "be trained on")
    recipe = replace(recipe_from(settings), numbers=network.numbers)
    form, spiking = ("lif", "lif") if network.neuron == "lif" else ("clip", "time")
    stage = Stage(name=RESTORED, form=form, epochs=1, optimiser="sgd", learning_rate=1.0,
                  steps=network.steps if form == "lif" else 0)
    shape, classes = tuple(network.input_shape), len(network.classes)
    if shape != tuple(training.images.shape[1:]) or classes != len(training.classes):
        raise ValueError(f"{network.name} must know images {list(training.images.shape[1:])} of "
                         f"{len(training.classes)} classes, not {list(shape)} of {classes}")
    model = new_model(recipe, shape, classes)
    for name in ("clip", spiking):
        model = in_form(model, name, network.numbers, shape, steps=network.steps)
    model = with_weights_of(network, model)
    worth = pixel_values(network.exponents, network.numbers)
    follow_statistics(model, training.images[:KNOWN], worth)
    scale_scores(model, training.images[:KNOWN], training.labels[:KNOWN], worth)
    later = [other for other in recipe.stages if other.form in ("time", "log")]
    masks = {f"mask.{name}": (weight != 0).float()
             for name, weight in prunable_weights(model).items()}
    return Checkpoint(
        recipe=replace(recipe, stages=(stage, *later)), stage=RESTORED, epoch=1, initial="",
        input_shape=shape, classes=tuple(network.classes),
        accuracy=dict(network.provenance.get("accuracy", {})),
        tensors={**{f"model.{key}": value for key, value in model.state_dict().items()}, **masks})


@torch.no_grad()
def follow_statistics(model: nn.Module, images: np.ndarray, worth: Tensor) -> None:
    """Give batch normalisation the statistics of images, and gains that leave its result, in place.

    What a norm returns must be its input plus its offset.
    """
    sums: dict[nn.Module, Tensor] = {}

    def add(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        rows = inputs[0].double().transpose(0, 1).flatten(1)
        found = torch.stack([torch.full_like(rows[:, 0], rows.shape[1]), rows.sum(1),
                             rows.square().sum(1)])
        sums[norm] = sums.get(norm, 0) + found

    handles = [module.register_forward_pre_hook(add) for module in model.modules()
               if isinstance(module, NORMS)]
    _scores(model, images, worth)
    for handle in handles:
        handle.remove()
    for norm, (count, first, second) in sums.items():
        mean = first / count
        variance = (second / count - mean.square()).clamp_min(0)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((norm.running_var.double() + norm.eps).sqrt())
        norm.bias.add_(norm.running_mean)


@torch.no_grad()
def scale_scores(model: nn.Module, images: np.ndarray, labels: np.ndarray, worth: Tensor) -> None:
    """Multiply the last layer by the power of 2^(1/2) at which cross-entropy is least, in place."""
    scores, wanted = _scores(model, images, worth), torch.from_numpy(labels)
    losses = [float(F.cross_entropy(scores * 2 ** (scale / 2), wanted)) for scale in SCALES]
    factor = 2 ** (SCALES[int(np.argmin(losses))] / 2)
    last = model.get_submodule(list(prunable_weights(model))[-1])
    last.weight.mul_(factor)
    last.bias.mul_(factor)


@torch.no_grad()
def _scores(model: nn.Module, images: np.ndarray, worth: Tensor) -> Tensor:
    return torch.cat([model(values_of(part, worth))
                      for part in torch.from_numpy(images).split(BATCH)])


