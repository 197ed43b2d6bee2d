"""Training of a recipe: ReLU → clip → time-coded → folded, pruned, logarithmic weights.

The last epoch of each stage counts: no epoch is picked. A training reads the test part once, at its
end, and decides nothing by it.
"""

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import AdamW

from hw.network import Network, save_network

from .augment import augmented
from .checkpoint import Checkpoint, load_checkpoint, model_of, save_checkpoint
from .coding import input_table, pixel_values
from .data import Split, load_split
from .export import export_checkpoint
from .model import FORMS, build, in_form, predictions_of
from .prune import Masks, density_at
from .recipe import Recipe, Stage

__all__ = ["TrainingResult", "train"]

Progress = Callable[[int, int, str], None]

NETWORK, LOG, LATEST = "network.safetensors", "log.jsonl", "checkpoint.safetensors"
# Forms that the dense network of the stage `relu` guides.
GUIDED = ("time", "log")
# By which name the accuracy after a stage is known.
ACCURACIES = {"relu": "float", "time": "time_coded", "log": "log_weights"}


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What a training leaves.

    Parameters
    ----------
    network, network_path
        The exported network, and where it was written.
    accuracy
        Fraction of test images that the training networks recognise: ``float`` (dense, ReLU),
        ``time_coded`` and ``log_weights``.
    predictions
        int64 [N], classes that the last training network (``log_weights``) gives the test images.
    density
        Fraction of weights that training kept.
    seconds
        Time that this call took.
    """

    network: Network
    network_path: Path
    accuracy: dict[str, float]
    predictions: np.ndarray
    density: float
    seconds: float


def train(recipe: Recipe, out_dir: Path, *, data_dir: Path | None = None, resume: bool = False,
          progress: Progress | None = None) -> TrainingResult:
    """Train ``recipe`` and export it; write network, log and checkpoints into ``out_dir``.

    The same recipe gives the same bytes on the same machine, whether it ran at once or was resumed
    any number of times. ``resume`` continues after the last whole epoch in ``out_dir``, from the
    start if there is none, and raises ``ValueError`` if that was another recipe.
    """
    started, out_dir = time.monotonic(), Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    latest = _latest(recipe, out_dir) if resume else None
    with _threads(recipe.threads):
        _train_stages(recipe, out_dir, data_dir, latest, progress)
        accuracy, predictions, density = _test(recipe, out_dir, data_dir)
    network = export_checkpoint(out_dir / f"{FORMS[-1]}.safetensors")
    save_network(network, out_dir / NETWORK)
    return TrainingResult(network, out_dir / NETWORK, accuracy, predictions, density,
                          time.monotonic() - started)


def _train_stages(recipe: Recipe, out_dir: Path, data_dir: Path | None, latest: Checkpoint | None,
                  progress: Progress | None) -> None:
    training, validation = (load_split(f"{recipe.dataset}:{part}", data_dir=data_dir)
                            for part in ("train", "validation"))
    worth = pixel_values(input_table(recipe.coding, recipe.numbers), recipe.numbers)
    torch.manual_seed(recipe.seed)
    input_shape = training.images.shape[1:]
    model = build(recipe.model.channels, recipe.model.pools, input_shape=input_shape,
                  classes=len(training.classes))
    masks, density, done = Masks(model), 1.0, 0
    _keep_lines(out_dir / LOG, _epochs_done(latest))

    for form in FORMS:
        stage, first = getattr(recipe.stages, form), 0
        model = in_form(model, form, recipe.numbers)
        optimiser = AdamW(model.parameters(), weight_decay=recipe.weight_decay)
        if latest and form == latest.form:
            _restore(latest, model, masks, optimiser)
            first = latest.epoch
        is_behind = latest and FORMS.index(form) < FORMS.index(latest.form)
        checkpoint, teacher = None, _teacher(recipe, form, out_dir)
        for epoch in range(stage.epochs if is_behind else first, stage.epochs):
            loss = _train_epoch(recipe, stage, epoch, model, teacher, masks, optimiser, worth,
                                _batches(recipe, training, done + epoch))
            ramp = (epoch + 1) / (recipe.prune_until * stage.epochs)
            masks.prune(model, density_at(ramp, start=density, end=stage.density),
                        recipe.prune_scope)
            accuracy = float((predictions_of(model, worth, validation.images)
                              == validation.labels).mean())
            _append_line(out_dir / LOG, form=form, epoch=epoch + 1, loss=round(loss, 5),
                         validation=accuracy, density=round(masks.density, 5))
            checkpoint = Checkpoint(
                recipe=recipe, form=form, epoch=epoch + 1, input_shape=input_shape,
                classes=training.classes, accuracy={"validation": accuracy},
                tensors=_tensors(model, masks, optimiser))
            save_checkpoint(out_dir / LATEST, checkpoint)
            if progress:
                progress(done + epoch + 1, recipe.stages.epochs,
                         f"{form}: validation {100 * accuracy:.1f} %, "
                         f"weights {100 * masks.density:.0f} %")
        if not is_behind:
            save_checkpoint(out_dir / f"{form}.safetensors", checkpoint or latest)
        done, density = done + stage.epochs, stage.density


def _train_epoch(recipe: Recipe, stage: Stage, epoch: int, model: nn.Module,
                 teacher: nn.Module | None, masks: Masks, optimiser: AdamW, worth: Tensor,
                 batches: list[tuple[Tensor, Tensor]]) -> float:
    """Train for one epoch with a cosine from the peak learning rate to 0; return the mean loss."""
    model.train()
    total = 0.0
    for step, (images, labels) in enumerate(batches):
        passed = (epoch + step / len(batches)) / stage.epochs
        for group in optimiser.param_groups:
            group["lr"] = stage.learning_rate * (1 + math.cos(math.pi * passed)) / 2
        values = worth[images.long()]
        scores = model(values)
        loss = F.cross_entropy(scores, labels, label_smoothing=recipe.label_smoothing)
        if teacher:
            guidance = _divergence(scores, teacher(values), recipe.temperature)
            loss = (1 - recipe.distillation) * loss + recipe.distillation * guidance
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        masks.apply(model)
        total += loss.item()
    return total / len(batches)


def _divergence(scores: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """Return the mean Kullback-Leibler divergence of softened scores, times temperature²."""
    softened = F.log_softmax(scores / temperature, 1)
    target = F.log_softmax(wanted.detach() / temperature, 1)
    return F.kl_div(softened, target, reduction="batchmean", log_target=True) * temperature ** 2


def _teacher(recipe: Recipe, form: str, out_dir: Path) -> nn.Module | None:
    """Return the dense network that guides the compressed forms, in evaluation mode."""
    if form not in GUIDED or recipe.distillation == 0:
        return None
    return model_of(load_checkpoint(out_dir / "relu.safetensors")).requires_grad_(False)


def _batches(recipe: Recipe, split: Split, epoch: int) -> list[tuple[Tensor, Tensor]]:
    """Return the shuffled and augmented batches of an epoch; the last, smaller one is dropped.

    They depend on seed and epoch only, so that a resumed training sees the same ones.
    """
    generator = torch.Generator().manual_seed(recipe.seed << 20 | epoch)
    images = augmented(torch.from_numpy(split.images), generator=generator,
                       **asdict(recipe.augmentation))
    order = torch.randperm(len(images), generator=generator)
    whole = order[:len(order) // recipe.batch_size * recipe.batch_size]
    labels = torch.from_numpy(split.labels)
    return [(images[index], labels[index]) for index in whole.split(recipe.batch_size)]


def _test(recipe: Recipe, out_dir: Path,
          data_dir: Path | None) -> tuple[dict[str, float], np.ndarray, float]:
    """Read the test part: return accuracies, predictions of the last network, and its density."""
    test = load_split(f"{recipe.dataset}:test", data_dir=data_dir)
    worth = pixel_values(input_table(recipe.coding, recipe.numbers), recipe.numbers)
    accuracy = {}
    for form, name in ACCURACIES.items():
        path = out_dir / f"{form}.safetensors"
        checkpoint = load_checkpoint(path)
        predictions = predictions_of(model_of(checkpoint), worth, test.images)
        accuracy[name] = float((predictions == test.labels).mean())
        known = {**checkpoint.accuracy, "test": accuracy[name], "images": len(test.labels)}
        save_checkpoint(path, replace(checkpoint, accuracy=known))
    masks = checkpoint.part("mask").values()
    density = sum(float(mask.sum()) for mask in masks) / sum(mask.numel() for mask in masks)
    return accuracy, predictions, density


def _tensors(model: nn.Module, masks: Masks, optimiser: AdamW) -> dict[str, Tensor]:
    tensors = {f"model.{key}": tensor for key, tensor in model.state_dict().items()}
    tensors |= {f"mask.{key}": tensor for key, tensor in masks.tensors.items()}
    for name, parameter in model.named_parameters():
        tensors |= {f"optimiser.{name}:{key}": tensor
                    for key, tensor in optimiser.state[parameter].items()}
    return tensors


def _restore(checkpoint: Checkpoint, model: nn.Module, masks: Masks, optimiser: AdamW) -> None:
    model.load_state_dict(checkpoint.part("model"))
    masks.tensors = checkpoint.part("mask")
    parameters = dict(model.named_parameters())
    for entry, tensor in checkpoint.part("optimiser").items():
        name, key = entry.split(":")
        optimiser.state[parameters[name]][key] = tensor


def _latest(recipe: Recipe, out_dir: Path) -> Checkpoint | None:
    path = out_dir / LATEST
    if not path.exists():
        return None
    checkpoint = load_checkpoint(path)
    if checkpoint.recipe != recipe:
        raise ValueError(f"{path} must be of the same recipe to be resumed, not of another one")
    return checkpoint


def _epochs_done(latest: Checkpoint | None) -> int:
    if latest is None:
        return 0
    before = FORMS[:FORMS.index(latest.form)]
    return latest.epoch + sum(getattr(latest.recipe.stages, form).epochs for form in before)


def _keep_lines(path: Path, count: int) -> None:
    lines = path.read_text().splitlines(keepends=True)[:count] if path.exists() else []
    path.write_text("".join(lines))


def _append_line(path: Path, **entries) -> None:
    with path.open("a") as file:
        file.write(json.dumps(entries) + "\n")


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
