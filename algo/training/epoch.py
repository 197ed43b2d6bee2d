"""The training loop: one epoch."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from ..compression.attention import AttentionTaps
from ..compression.masks import Masks
from ..compression.momentum import Momentum
from .activity import SpikeMeter, metered
from .averaging import Average
from .batches import Batches
from .evaluation import values_of
from .job import Job
from .optimiser import learning_rate
from .parallel import average, average_gradients
from .recipe import Recipe
from .stage import Stage

__all__ = ["Learner", "train_epoch"]


@dataclass(eq=False)
class Learner:
    """What changes while a stage trains.

    ``teacher`` may be ``None``, and ``momentum`` where masks do not move by it. ``taps`` are the
    names of the activations that model and teacher compare.
    """

    model: nn.Module
    masks: Masks
    optimiser: Optimizer
    average: Average
    teacher: nn.Module | None
    momentum: Momentum | None = None
    taps: tuple[list[str], list[str]] = ((), ())


def train_epoch(job: Job, stage: Stage, epoch: int, learner: Learner,
                batches: Batches) -> tuple[float, dict[str, float]]:
    """Train for epoch ``epoch`` of a stage; return the mean loss of its batches.

    And what the log says of spikes, if they are penalised: see :class:`~.activity.SpikeMeter`.
    """
    with metered(learner.model, job.recipe, stage, batches.images.shape[1:]) as meter:
        loss = _train_epoch(job, stage, epoch, learner, batches, meter)
    found = meter.means() if meter else {}
    return loss, {name: average(value, job.processes, job.device) for name, value in found.items()}


def _train_epoch(job: Job, stage: Stage, epoch: int, learner: Learner, batches: Batches,
                 meter: SpikeMeter | None) -> float:
    recipe, model, optimiser = job.recipe, learner.model.train(), learner.optimiser
    before, worth = recipe.epochs_before(stage.name) + epoch, job.worth(stage)
    count = batches.count(stage)
    total = torch.zeros((), device=job.device)
    attention = AttentionTaps(*zip((model, learner.teacher), learner.taps, strict=True))
    for step, (images, labels) in enumerate(batches.epoch(before, count)):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(stage, epoch + step / count) * group["rate"]
        with attention, torch.autocast(job.device.type, torch.bfloat16,
                                       enabled=recipe.precision == "bf16"):
            values = values_of(images, worth)
            loss = _loss(recipe, model(values), labels, learner.teacher, values)
            loss = loss + recipe.compression.attention / 2 * attention.distance()
        if meter:
            loss = loss + recipe.activity.weight * meter.share(len(images))
        optimiser.zero_grad()
        loss.backward()
        average_gradients(model, job.processes)
        if learner.momentum:
            learner.momentum.follow(model)
        learner.masks.hide_gradients(model)
        optimiser.step()
        learner.masks.apply(model)
        learner.average.follow(model)
        total += loss.detach()
        if job.progress:
            job.progress(batches.before(stage) + epoch * count + step + 1, batches.before(None),
                         f"{stage.name}: epoch {epoch + 1} of {stage.epochs}")
    return average(float(total) / count, job.processes, job.device)


def _loss(recipe: Recipe, scores: Tensor, labels: Tensor, teacher: nn.Module | None,
          values: Tensor) -> Tensor:
    scores = scores.float()
    loss = F.cross_entropy(scores, labels, label_smoothing=recipe.label_smoothing)
    if teacher is None:
        return loss
    share, temperature = recipe.distillation.weight, recipe.distillation.temperature
    with torch.no_grad():
        wanted = teacher(values).float()
    return (1 - share) * loss + share * divergence(scores, wanted, temperature)


def divergence(scores: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """Return the mean Kullback-Leibler divergence of softened scores, times temperature².

    Hinton et al. 2015, section 2.
    """
    softened = F.log_softmax(scores / temperature, 1)
    target = F.log_softmax(wanted / temperature, 1)
    return F.kl_div(softened, target, reduction="batchmean", log_target=True) * temperature ** 2
