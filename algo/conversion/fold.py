"""Batch normalisation folded into the layer before it."""

from copy import deepcopy

import torch
from torch import Tensor, fx, nn

from .log_layers import LogConv2d, LogLinear
from .tracing import NORMS, ExportError, traced

__all__ = ["check_statistics", "fold_norm", "fold_norms"]


def fold_norm(weight: Tensor, bias: Tensor | None, norm: nn.Module) -> tuple[Tensor, Tensor]:
    """Return weight [out, ...] and bias [out] of a layer followed by ``norm`` in evaluation.

    With g = γ / √(σ² + ε): weight · g and (bias − µ) · g + β, in float64, returned as float32.
    """
    gain = (norm.running_var.double() + norm.eps).rsqrt()
    shift = norm.running_mean.double() * -gain
    if norm.affine:
        gain, shift = gain * norm.weight.detach().double(), shift * norm.weight.detach().double()
        shift = shift + norm.bias.detach().double()
    if bias is not None:
        shift = shift + bias.detach().double() * gain
    shaped = gain.reshape(-1, *[1] * (weight.dim() - 1))
    return (weight.detach().double() * shaped).float(), shift.float()


def fold_norms(model: nn.Module) -> nn.Module:
    """Return a copy of ``model`` in which no batch normalisation is left, equal in evaluation.

    Each is folded into the conv or linear layer right before it, which gets a bias, and becomes an
    ``nn.Identity``, so that all names stay. Raises :class:`ExportError` that names one which cannot
    be folded.
    """
    model = deepcopy(model)
    modules = dict(model.named_modules())
    nodes = [node for node in traced(model).nodes if node.op == "call_module"]
    uses = {node.target: sum(other.target == node.target for other in nodes) for node in nodes}
    for node in nodes:
        norm = modules[node.target]
        if isinstance(norm, NORMS):
            before = _layer_before(node, norm, modules, uses)
            _put(model, before, _folded(modules[before], norm))
            _put(model, node.target, nn.Identity().train(norm.training))
    return model


def _layer_before(node: fx.Node, norm: nn.Module, modules: dict[str, nn.Module],
                  uses: dict[str, int]) -> str:
    """Return the name of the layer that takes ``norm``; refuse what cannot be folded."""
    before, name = node.args[0], node.target
    layer = modules.get(before.target) if before.op == "call_module" else None
    if not isinstance(layer, nn.Conv2d | nn.Linear):
        raise ExportError(f"{name}: batch normalisation must follow one conv or linear layer "
                          f"directly, not {_called(before, layer)}; move it there")
    if isinstance(layer, LogConv2d | LogLinear):
        raise ExportError(f"{name}: {before.target} has log weights already; fold batch "
                          "normalisation before weights become logarithmic")
    if len(before.users) > 1:
        raise ExportError(f"{name}: the result of {before.target} must go to this batch "
                          "normalisation only; use what it returns instead")
    if uses[name] > 1 or uses[before.target] > 1:
        shared = name if uses[name] > 1 else before.target
        raise ExportError(f"{shared} is called more than once; give each call a module of its own")
    check_statistics(name, norm)
    return before.target


def check_statistics(name: str, norm: nn.Module) -> None:
    """Refuse a batch normalisation that is not constant in evaluation."""
    if norm.running_var is None:
        raise ExportError(f"{name}: batch normalisation must track running statistics "
                          "(track_running_stats=True)")


def _called(node: fx.Node, module: nn.Module | None) -> str:
    if module is not None:
        return f"{node.target} ({type(module).__name__})"
    return "the input" if node.op == "placeholder" else f"operation {node.name}"


def _folded(layer: nn.Conv2d | nn.Linear, norm: nn.Module) -> nn.Conv2d | nn.Linear:
    """Return a copy of ``layer`` with ``norm`` in it; what was frozen may be trained again."""
    weight, bias = fold_norm(layer.weight, layer.bias, norm)
    other = deepcopy(layer)
    with torch.no_grad():
        other.weight = nn.Parameter(torch.empty_like(layer.weight).copy_(weight))
        other.bias = nn.Parameter(bias)
    return other


def _put(model: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, module)
