"""Attention maps: where in an image a network is active, compared with where its teacher is.

Zagoruyko and Komodakis 2017, section 3.1, with p = 2: Q = F / ‖F‖₂, F = Σ_c |A_c|² flattened.
"""

from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..conversion.tracing import traced

__all__ = ["AttentionTaps", "attention_distance", "attention_map", "block_ends"]

# What the activations of `algo.models` are called, in all forms.
ACTIVATION = "fire"


def attention_map(activation: Tensor) -> Tensor:
    """Return Q float32 [N, H·W] of activations [N, C, H, W]; of a silent image it is 0."""
    return F.normalize(activation.float().square().sum(1).flatten(1), dim=1)


def attention_distance(activations: list[Tensor], wanted: list[Tensor]) -> Tensor:
    """Return Σ_j ‖Q_j − Q_j of the teacher‖₂, the mean over images; 0 without activations.

    Raises ``ValueError`` if the maps of a block differ in size.
    """
    total = torch.zeros((), device=activations[0].device if activations else None)
    for found, target in zip(activations, wanted, strict=True):
        if found.shape[2:] != target.shape[2:]:
            raise ValueError("distillation.teacher must have the attention maps of the network, "
                             f"{list(found.shape[2:])}, not {list(target.shape[2:])}")
        distance = attention_map(found) - attention_map(target)
        total = total + torch.linalg.vector_norm(distance, dim=1).mean()
    return total


def block_ends(model: nn.Module) -> list[str]:
    """Return the names of the activations at which the blocks of a network of any form end.

    These are the ones behind a pooling (which pools before it fires, as they commute), in front of
    a conv of stride 2, and the last one: of a VGG one for each pooling, of a ResNet one for each
    stage.
    """
    graph, modules, found = traced(model), dict(model.named_modules()), []
    fired = [node for node in graph.nodes if node.op == "call_module"
             and node.target.rpartition(".")[2].startswith(ACTIVATION)]
    for node in fired:
        sources = [modules.get(other.target) for other in node.all_input_nodes]
        users = [modules.get(other.target) for other in node.users]
        if (any(isinstance(module, nn.MaxPool2d) for module in sources)
                or any(isinstance(module, nn.Conv2d) and module.stride != (1, 1)
                       for module in users) or node is fired[-1]):
            found.append(node.target)
    return found


class AttentionTaps:
    """The activations at the ends of blocks of some networks, kept while the context lasts.

    ``taps`` are the names of modules of each network.
    """

    def __init__(self, *taps: tuple[nn.Module, list[str]]):
        self.taps, self.activations = taps, [[] for _ in taps]

    def __enter__(self) -> Self:
        for kept in self.activations:
            kept.clear()
        self.hooks = [
            model.get_submodule(name).register_forward_hook(
                lambda _, __, activation, kept=kept: kept.append(activation))
            for (model, names), kept in zip(self.taps, self.activations, strict=True)
            for name in names]
        return self

    def __exit__(self, *_) -> None:
        for hook in self.hooks:
            hook.remove()

    def distance(self) -> Tensor:
        """Return the attention distance of the first network to the second one."""
        return attention_distance(*self.activations)
