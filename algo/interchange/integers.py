"""The integers of a module that was read: what other libraries trained, in log weights."""

from copy import deepcopy
from dataclasses import replace

import torch
from torch import nn

from hw.network import INPUT, Network
from hw.numbers import NumberFormat

from ..coding import input_table, pixel_values
from ..conversion.log_layers import LogConv2d, LogLinear
from ..conversion.quantise import to_log_form
from ..export import export
from ..neurons import Leaky, WholeLeaky
from .imported import Imported

__all__ = ["DEFAULT_CODING", "to_network"]

DEFAULT_CODING = "bits"


def to_network(module: Imported, *, numbers: NumberFormat | None = None,
               coding: str | None = None, name: str | None = None,
               classes: tuple[str, ...] | None = None,
               provenance: dict | None = None) -> Network:
    """Return the network of ``module``, whose weights become codes, untrained.

    Thresholds become the least integer that NIR's neuron would fire at; leaks are rounded to 1/256.
    A module of another program's graph takes p/255 for a pixel: where a pixel is worth less, as
    p/256 with the coding ``bits``, thresholds and biases of the first layers shrink alike. What
    firstspike wrote gives the same integers again.

    Parameters
    ----------
    numbers, coding, name, classes
        By default those that firstspike wrote beside the graph, else ``NumberFormat()``,
        ``"bits"``, ``"network"`` and no names.
    provenance
        As in the network file.

    Raises what :func:`algo.export.export` does.
    """
    known = module.metadata
    numbers = numbers or (known.numbers if known else NumberFormat())
    if coding is None and known:
        coding, table = known.coding, known.table
    else:
        coding = coding or DEFAULT_CODING
        table = input_table(coding, numbers)
    adapted = _with_known_scales(module, numbers) if known else _for_worth(
        module, float(pixel_values(table, numbers)[-1]))
    log = to_log_form(adapted, module.input_shape, numbers, table)
    _round_up_thresholds(log)
    network = export(
        log, input_shape=module.input_shape, numbers=numbers, coding=table,
        name=name or (known.name if known else "network"),
        classes=(known.classes if known else ()) if classes is None else classes,
        provenance=provenance or (known.provenance if known else {}))
    return replace(network, coding=coding)


@torch.no_grad()
def _for_worth(module: Imported, white: float) -> Imported:
    """Return a copy for images whose pixel p is worth ``white`` · p/255.

    Thresholds and biases in place of weights, so that these keep their codes.
    """
    module, image_only = deepcopy(module), set()
    for name, sources in module.calls:
        part = module.get_submodule(name)
        if not all(source in image_only or source == INPUT for source in sources):
            continue
        if isinstance(part, Leaky):
            part.threshold.mul_(white)
            continue
        image_only.add(name)
        if isinstance(part, nn.Conv2d | nn.Linear):
            part.bias.mul_(white)
    return module


def _with_known_scales(module: Imported, numbers: NumberFormat) -> Imported:
    """Return a copy whose layers have scale 1, as firstspike writes them."""
    module = deepcopy(module)
    for name, offset in module.offsets.items():
        part = module.get_submodule(name)
        kind = LogConv2d if isinstance(part, nn.Conv2d) else LogLinear
        steps = torch.zeros(len(part.weight), dtype=torch.int64)
        module.set_submodule(name, kind.of(part, numbers, steps, offset, is_truncated=True))
    return module


@torch.no_grad()
def _round_up_thresholds(module: nn.Module) -> None:
    for part in module.modules():
        if isinstance(part, WholeLeaky):
            unit = part.unit.double()
            whole = torch.ceil(part.threshold.double() / unit)
            part.threshold.copy_(whole * unit)
