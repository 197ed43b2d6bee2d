"""Optimisers by name, and the learning rate at each moment of a stage."""

import math

from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from .recipe import Stage

__all__ = ["learning_rate", "make_optimiser"]

MOMENTUM = 0.9


def make_optimiser(stage: Stage, model: nn.Module) -> Optimizer:
    """Return a new optimiser of all trainable parameters."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if stage.optimiser == "adamw":
        return AdamW(parameters, weight_decay=stage.weight_decay)
    return SGD(parameters, lr=stage.learning_rate, momentum=MOMENTUM, nesterov=True,
               weight_decay=stage.weight_decay)


def learning_rate(stage: Stage, epoch: float) -> float:
    """Return the rate after ``epoch`` epochs of a stage: linear warm-up, then half a cosine."""
    if epoch < stage.warmup:
        return stage.learning_rate * epoch / stage.warmup
    passed = (epoch - stage.warmup) / max(stage.epochs - stage.warmup, 1e-9)
    falling = (1 + math.cos(math.pi * passed)) / 2
    return stage.final_rate + (stage.learning_rate - stage.final_rate) * falling
