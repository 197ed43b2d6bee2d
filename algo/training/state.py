"""Tensors of a stage under training, into a checkpoint and back."""

from torch import Tensor

from .checkpoint import Checkpoint
from .epoch import Learner

__all__ = ["restore", "state_of"]


def state_of(learner: Learner) -> dict[str, Tensor]:
    """Return everything that an epoch changes, with a prefix for each part."""
    tensors = {f"model.{key}": tensor for key, tensor in learner.model.state_dict().items()}
    tensors |= {f"mask.{key}": tensor for key, tensor in learner.masks.tensors.items()}
    if learner.average.decay:
        tensors |= {f"average.{key}": tensor
                    for key, tensor in learner.average.model.state_dict().items()}
    for name, parameter in learner.model.named_parameters():
        tensors |= {f"optimiser.{name}:{key}": tensor
                    for key, tensor in learner.optimiser.state[parameter].items()
                    if isinstance(tensor, Tensor)}
    return tensors


def restore(learner: Learner, checkpoint: Checkpoint) -> None:
    """Put a checkpoint's tensors back into a learner of the same stage."""
    learner.model.load_state_dict(checkpoint.part("model"))
    learner.masks.load(checkpoint.part("mask"))
    if learner.average.decay:
        learner.average.model.load_state_dict(checkpoint.part("average"))
    parameters = dict(learner.model.named_parameters())
    for entry, tensor in checkpoint.part("optimiser").items():
        name, key = entry.rsplit(":", 1)
        parameter = parameters[name]
        device = parameter.device if tensor.dim() else tensor.device
        learner.optimiser.state[parameter][key] = tensor.to(device)
