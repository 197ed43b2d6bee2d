"""Optimisers by name, and the learning rate at each moment of a stage."""

import math

from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from ..neurons.leaky import in_range, neurons_of
from .stage import Stage

__all__ = ["learning_rate", "make_optimiser"]

MOMENTUM = 0.9


def make_optimiser(stage: Stage, model: nn.Module, *, neuron_rate: float = 1.0) -> Optimizer:
    """Return a new optimiser of all trainable parameters.

    Thresholds and leaks of neurons learn at ``neuron_rate`` times the learning rate and do not
    decay; after each step they are put back into their range. The ``rate`` of a group of parameters
    is by how much its learning rate is multiplied.
    """
    own = {id(parameter) for neurons in neurons_of(model).values()
           for parameter in neurons.parameters()}
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [{"params": [p for p in trained if id(p) not in own], "rate": 1.0}]
    if own:
        groups.append({"params": [p for p in trained if id(p) in own], "rate": neuron_rate,
                       "weight_decay": 0.0})
    if stage.optimiser == "adamw":
        optimiser = AdamW(groups, weight_decay=stage.weight_decay)
    else:
        optimiser = SGD(groups, lr=stage.learning_rate, momentum=MOMENTUM, nesterov=True,
                        weight_decay=stage.weight_decay)
    if own:
        optimiser.register_step_post_hook(lambda *_: in_range(model))
    return optimiser


def learning_rate(stage: Stage, epoch: float) -> float:
    """Return the rate after ``epoch`` epochs of a stage: linear warm-up, then half a cosine."""
    if epoch < stage.warmup:
        return stage.learning_rate * epoch / stage.warmup
    passed = (epoch - stage.warmup) / max(stage.epochs - stage.warmup, 1e-9)
    falling = (1 + math.cos(math.pi * passed)) / 2
    return stage.final_rate + (stage.learning_rate - stage.final_rate) * falling
