"""A module of PyTorch as a graph of the modules and functions that its forward calls."""

import operator

import torch
from torch import fx, nn

from ..neurons import Clip, Leaky, TimeCoded
from .log_layers import LogConv2d, LogLinear

__all__ = ["ADDITIONS", "NORMS", "TRANSPARENT", "ExportError", "traced"]

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.SyncBatchNorm)
# Modules that change nothing in evaluation.
TRANSPARENT = (nn.Dropout, nn.Dropout2d, nn.Identity)
# What a node that adds two tensors calls.
ADDITIONS = (operator.add, operator.iadd, torch.add, "add", "add_")


class ExportError(ValueError):
    """A module cannot be expressed; the message is one line that names it and what to do."""


class _Tracer(fx.Tracer):
    """Leaves are modules of torch.nn and ours, and what only derives from them.

    A normalisation of another class may differ in training, as one across processes does.
    """

    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        derives = any(isinstance(module, kind) and type(module).forward is kind.forward
                      for kind in (nn.Conv2d, nn.Linear))
        return (isinstance(module, (TimeCoded, Leaky, Clip, LogConv2d, LogLinear, *NORMS))
                or derives or super().is_leaf_module(module, name))


def traced(module: nn.Module) -> fx.Graph:
    """Return the graph of ``module``, without what its result does not depend on.

    Raises :class:`ExportError` if its forward cannot be followed.
    """
    try:
        graph = _Tracer().trace(module)
    except Exception as error:                      # whatever a user's forward raises on proxies
        raise ExportError(f"module {type(module).__name__} cannot be traced by torch.fx "
                          f"({' '.join(str(error).split()):.120}); remove data-dependent control "
                          "flow from its forward") from None
    graph.eliminate_dead_code(lambda node: node.op in ("placeholder", "output"))
    return graph
