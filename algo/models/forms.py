"""The forms through which a network goes in order, to time-coded or to leaky neurons."""

from collections.abc import Callable
from copy import deepcopy

import numpy as np
from torch import nn

from hw.numbers import NumberFormat

from ..conversion.fold import fold_norms
from ..conversion.leaky import to_leaky
from ..conversion.quantise import to_log_form
from ..neurons import Clip, TimeCoded

__all__ = ["FORMS", "LEAKY_FORMS", "NORMS", "SPIKING", "forms_up_to", "in_form"]

# Conversion-aware training; and one threshold per layer, over steps that become fewer.
FORMS = ("relu", "clip", "time", "log")
LEAKY_FORMS = ("relu", "clip", "lif", "lif-log")
# Forms that are networks of spikes, and can be exported.
SPIKING = FORMS[2:] + LEAKY_FORMS[2:]
# What becomes of batch normalisation in the form ``lif``.
NORMS = ("kept", "folded")


def forms_up_to(form: str) -> tuple[str, ...]:
    """Return the forms that lead to ``form``, and itself."""
    path = FORMS if form in FORMS else LEAKY_FORMS
    return path[:path.index(form) + 1]


def in_form(model: nn.Module, form: str, numbers: NumberFormat,
            input_shape: tuple[int, int, int], *, steps: int = 1,
            norms: str = NORMS[0], table: np.ndarray | None = None) -> nn.Module:
    """Return a copy of ``model``, of an earlier or the same form, in ``form``; weights carry over.

    ``relu``: as built. ``clip``: activations clip at 1. ``time``: activations are the firing rule
    of ``numbers``, also those of another window. ``log``: batch normalisation is folded, weights
    are logarithmic with scales chosen now. ``lif``: neurons leak, integrate and fire over ``steps``
    steps, also of a model with another number of them; batch normalisation is one of ``NORMS``.
    ``lif-log``: the same with log weights, folded; thresholds and leaks are integers, and so are
    all potentials, in evaluation and if the input ``table`` is given.
    """
    model = deepcopy(model)
    if form in LEAKY_FORMS[2:]:
        model = to_leaky(model, steps)
        if norms == "folded" or form == "lif-log":
            model = fold_norms(model)
    elif form in FORMS[1:]:
        replace_modules(model, nn.ReLU, lambda: Clip())
    if form in FORMS[2:]:
        replace_modules(model, Clip | TimeCoded, lambda: TimeCoded(numbers))
    if form == "log":
        model = fold_norms(model)
    if form in ("log", "lif-log"):
        model = to_log_form(model, input_shape, numbers, table)
    return model


def replace_modules(model: nn.Module, kind, make: Callable[[], nn.Module]) -> None:
    """Put new modules in the places of those of a kind, in place."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, kind):
                setattr(parent, name, make().train(child.training))
