"""The forms of conversion-aware training, through which a network goes in order."""

from collections.abc import Callable
from copy import deepcopy

from torch import nn

from hw.numbers import NumberFormat

from ..conversion.fold import fold_norms
from ..conversion.quantise import to_log_form
from ..neuron import Clip, TimeCoded

__all__ = ["FORMS", "SPIKING", "in_form"]

FORMS = ("relu", "clip", "time", "log")
# Forms that are networks of spikes, and can be exported.
SPIKING = FORMS[2:]


def in_form(model: nn.Module, form: str, numbers: NumberFormat,
            input_shape: tuple[int, int, int]) -> nn.Module:
    """Return a copy of ``model``, of an earlier or the same form, in ``form``; weights carry over.

    ``relu``: as built. ``clip``: activations clip at 1. ``time``: activations are the firing rule
    of ``numbers``, also those of another window. ``log``: batch normalisation is folded, weights
    are logarithmic with scales chosen now.
    """
    model = deepcopy(model)
    if form in FORMS[1:]:
        replace_modules(model, nn.ReLU, lambda: Clip())
    if form in SPIKING:
        replace_modules(model, Clip | TimeCoded, lambda: TimeCoded(numbers))
    if form == "log":
        model = to_log_form(fold_norms(model), input_shape, numbers)
    return model


def replace_modules(model: nn.Module, kind, make: Callable[[], nn.Module]) -> None:
    """Put new modules in the places of those of a kind, in place."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, kind):
                setattr(parent, name, make().train(child.training))
