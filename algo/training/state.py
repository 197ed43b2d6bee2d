"""Tensors of a stage under training, into a checkpoint and back."""

import torch
from torch import Tensor

from .checkpoint import Checkpoint, CheckpointError
from .epoch import Learner

__all__ = ["restore", "state_of"]


def state_of(learner: Learner) -> dict[str, Tensor]:
    """Return everything that an epoch changes, with a prefix for each part."""
    tensors = {f"model.{key}": tensor for key, tensor in learner.model.state_dict().items()}
    tensors |= {f"mask.{key}": tensor for key, tensor in learner.masks.tensors.items()}
    if learner.average.decay:
        tensors |= {f"average.{key}": tensor
                    for key, tensor in learner.average.model.state_dict().items()}
    if learner.momentum:
        tensors |= {f"momentum.{key}": tensor for key, tensor in learner.momentum.tensors.items()}
    for name, parameter in learner.model.named_parameters():
        tensors |= {f"optimiser.{name}:{key}": tensor
                    for key, tensor in learner.optimiser.state[parameter].items()
                    if isinstance(tensor, Tensor)}
    return tensors


def restore(learner: Learner, checkpoint: Checkpoint) -> None:
    """Put a checkpoint's tensors back into a learner of the same stage.

    Raises :class:`CheckpointError` if they do not fit it.
    """
    parameters = dict(learner.model.named_parameters())
    try:
        learner.model.load_state_dict(checkpoint.part("model"))
        learner.masks.load(checkpoint.part("mask"))
        if learner.average.decay:
            learner.average.model.load_state_dict(checkpoint.part("average"))
        if learner.momentum:
            learner.momentum.load(checkpoint.part("momentum"))
        for entry, tensor in checkpoint.part("optimiser").items():
            name, _, key = entry.rpartition(":")
            learner.optimiser.state[parameters[name]][key] = _laid_out(tensor, parameters[name])
    except (KeyError, RuntimeError) as error:
        raise CheckpointError("the checkpoint does not fit its recipe "
                              f"({' '.join(str(error).split()):.200})") from None


def _laid_out(tensor: Tensor, parameter: Tensor) -> Tensor:
    """Return a state as the optimiser made it: a count, or in the memory order of its parameter.

    In another order its sums would be rounded another way.
    """
    if not tensor.dim():
        return tensor
    return torch.empty_like(parameter, dtype=tensor.dtype).copy_(tensor)
