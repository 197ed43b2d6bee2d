"""Checkpoints: tensors and JSON in one safetensors file, written all or nothing, never pickled."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from hw.network import write_whole
from hw.numbers import NumberFormat

from ..coding import input_table, pixel_values
from ..models import build, forms_up_to, in_form
from .recipe import Recipe
from .recipe_file import recipe_from
from .stage import Stage

__all__ = ["Checkpoint", "CheckpointError", "in_stage", "load_checkpoint", "model_of", "new_model",
           "save_checkpoint"]

# A single key, as safetensors writes several in an order that changes from run to run.
KEY, VERSION = "firstspike-checkpoint", 2


class CheckpointError(ValueError):
    """A file is not a checkpoint; the message is one line that names the file."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Checkpoint:
    """A training after ``epoch`` epochs of a stage.

    Parameters
    ----------
    recipe, stage
        Recipe of the training, and name of the stage.
    initial
        SHA-256 of the checkpoint from which the training began; empty if from random weights.
    input_shape, classes
        Shape of an image, and names of the classes.
    accuracy
        What is known of ``validation`` and ``test`` (a fraction) and ``images`` (of the test).
    tensors
        With a prefix for each part: ``model.``, ``mask.``, ``optimiser.``, ``average.``
        and ``momentum.``.
    """

    recipe: Recipe
    stage: str
    epoch: int
    initial: str
    input_shape: tuple[int, int, int]
    classes: tuple[str, ...]
    accuracy: dict
    tensors: dict[str, Tensor]

    @property
    def settings(self) -> Stage:
        """The stage as the recipe has it."""
        return next(stage for stage in self.recipe.stages if stage.name == self.stage)

    @property
    def form(self) -> str:
        return self.settings.form

    @property
    def steps(self) -> int:
        """Steps of leaky neurons at this stage, 0 of others."""
        return self.recipe.steps(self.settings)

    @property
    def numbers(self) -> NumberFormat:
        """Those of the network at this stage."""
        return self.settings.numbers(self.recipe.numbers)

    @property
    def worth(self) -> Tensor:
        """What a pixel value is worth to the network at this stage, float [256]."""
        return pixel_values(input_table(self.recipe.coding, self.numbers), self.numbers)

    @property
    def density(self) -> float:
        """Fraction of weights that training kept."""
        masks = self.part("mask").values()
        return sum(float(mask.sum()) for mask in masks) / sum(mask.numel() for mask in masks)

    def part(self, name: str) -> dict[str, Tensor]:
        """Return the tensors of one part, without its prefix."""
        prefix = f"{name}."
        return {key.removeprefix(prefix): tensor for key, tensor in self.tensors.items()
                if key.startswith(prefix)}


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write ``checkpoint``, all or nothing."""
    description = {field.name: getattr(checkpoint, field.name) for field in fields(checkpoint)
                   if field.name != "tensors"}
    description |= {"version": VERSION, "recipe": checkpoint.recipe.as_dict()}
    tensors = {key: tensor.detach().cpu().contiguous()
               for key, tensor in checkpoint.tensors.items()}
    description["sha256"] = _digest(description, tensors)
    write_whole(path, save(tensors, metadata={KEY: json.dumps(description)}))


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint. Raises :class:`CheckpointError`, or ``OSError`` if it cannot be read."""
    path = Path(path)
    path.stat()                                     # OSError of the usual form, if it is missing
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in list(file.keys())}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is not a checkpoint ({error})") from None
    if KEY not in metadata:
        raise CheckpointError(f"{path} is not a checkpoint (its metadata has no {KEY!r})")
    try:
        found = json.loads(metadata[KEY])
        digest = found.pop("sha256", None)
        if digest and digest != _digest(found, tensors):
            raise CheckpointError(f"{path} is damaged (its content does not have its checksum)")
        version = found.pop("version")
        if version != VERSION:
            raise CheckpointError(f"{path}: version of the checkpoint must be {VERSION}, "
                                  f"not {version!r:.40}")
        found["recipe"] = recipe_from(found["recipe"])
        found["input_shape"] = tuple(map(int, found["input_shape"]))
        found["classes"] = tuple(map(str, found["classes"]))
        checkpoint = Checkpoint(tensors=tensors, **found)
    except CheckpointError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CheckpointError(f"{path} is not a checkpoint ({error})") from None
    stages = [stage.name for stage in checkpoint.recipe.stages]
    if checkpoint.stage not in stages:
        raise CheckpointError(f"{path}: stage must be one of {', '.join(stages)}, "
                              f"not {checkpoint.stage!r:.40}")
    epochs = checkpoint.settings.epochs
    if type(checkpoint.epoch) is not int or not 0 <= checkpoint.epoch <= epochs:
        raise CheckpointError(f"{path}: epoch must be 0 to {epochs}, not {checkpoint.epoch!r:.40}")
    return checkpoint


def new_model(recipe: Recipe, input_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """Return the model of a recipe in the form ``relu``; weights come from torch's generator."""
    return build(**asdict(recipe.model), input_shape=input_shape, classes=classes)


def in_stage(model: nn.Module, recipe: Recipe, stage: Stage, input_shape: tuple[int, int, int],
             *, form: str = "", numbers: NumberFormat | None = None) -> nn.Module:
    """Return a copy of ``model`` in the form that it has in a stage, or in an earlier ``form``."""
    numbers = numbers or stage.numbers(recipe.numbers)
    return in_form(model, form or stage.form, numbers, input_shape, steps=recipe.steps(stage),
                   norms=recipe.lif.norms, table=input_table(recipe.coding, numbers))


def model_of(checkpoint: Checkpoint, numbers: NumberFormat | None = None) -> nn.Module:
    """Return the model that a checkpoint holds, in evaluation. Raises :class:`CheckpointError`.

    ``numbers`` may differ from those of the checkpoint in product and potential bits: biases are
    then rounded to other units.
    """
    numbers = numbers or checkpoint.numbers
    model = new_model(checkpoint.recipe, checkpoint.input_shape, len(checkpoint.classes))
    for form in forms_up_to(checkpoint.form):
        model = in_stage(model, checkpoint.recipe, checkpoint.settings, checkpoint.input_shape,
                         form=form, numbers=numbers)
    try:
        model.load_state_dict(checkpoint.part("model"))
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(f"the checkpoint does not fit its recipe ({reason:.200})") from None
    return model.eval()


def _digest(description: dict, tensors: dict[str, Tensor]) -> str:
    """Return the SHA-256 of a description and of the bytes of its tensors, by name."""
    digest = hashlib.sha256(json.dumps(description).encode())
    for key in sorted(tensors):
        digest.update(key.encode())
        digest.update(tensors[key].flatten().view(torch.uint8).numpy())
    return digest.hexdigest()
