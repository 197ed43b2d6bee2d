"""A network whose weights become logarithmic, at scales that the groups of a layer share."""

from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn

from hw.network import INPUT, Shape
from hw.numbers import NumberFormat

from ..neurons import WholeLeaky
from .codes import decode, encode
from .graph import FloatLayer, read_layers
from .image_events import ImageEvents
from .log_layers import LogConv2d, LogLinear
from .scales import choose_scales, scale_steps
from .tracing import NORMS, ExportError

__all__ = ["layer_scales", "to_log_form", "to_log_layer"]


def to_log_form(model: nn.Module, input_shape: tuple[int, int, int], numbers: NumberFormat,
                table: np.ndarray | None = None) -> nn.Module:
    """Return a copy of ``model`` whose convs and linear layers have logarithmic weights.

    Their scales are chosen now, together for all synapses that a neuron adds up. ``model`` has
    :class:`algo.neurons.TimeCoded` or :class:`algo.neurons.Leaky` activations and no batch
    normalisation any more. A conv that is frozen and has weights of 0 and 1 only stays as it is.
    Leaky neurons become those of hardware, and weights are worth what these add to them; with the
    input ``table`` evaluation counts the events of the image too, so that all its potentials are
    the integers. Raises :class:`ExportError` for what a network file cannot hold.
    """
    for name, module in model.named_modules():
        if isinstance(module, NORMS):
            raise ExportError(f"{name}: fold batch normalisation before weights become "
                              "logarithmic, with algo.conversion.fold.fold_norms")
    layers = read_layers(model, Shape(*input_shape), numbers)
    model = deepcopy(model)
    events = None if table is None else ImageEvents(table, numbers)
    for layer in layers:
        steps, offsets = layer_scales(layer, numbers)
        for group, offset in zip(layer.groups, offsets, strict=True):
            if group.module and not group.is_exact:
                parent, _, name = group.module.rpartition(".")
                parent = model.get_submodule(parent)
                kind = LogConv2d if group.kind == "conv" else LogLinear
                is_leaky = layer.steps > 0
                setattr(parent, name, kind.of(
                    getattr(parent, name), numbers, steps - group.shift, offset,
                    is_truncated=is_leaky,
                    events=events if is_leaky and group.source == INPUT else None))
        if layer.leaky:
            model.set_submodule(layer.neurons, WholeLeaky(layer.leaky, numbers, steps[:1]))
    return model


def to_log_layer(layer: nn.Conv2d | nn.Linear, numbers: NumberFormat, *,
                 shared: bool = False) -> LogConv2d | LogLinear:
    """Return a logarithmic layer with the same latent weights, scales chosen for it alone."""
    bias = torch.zeros(len(layer.weight)) if layer.bias is None else layer.bias
    kind = LogConv2d if isinstance(layer, nn.Conv2d) else LogLinear
    return kind.of(layer, numbers, scale_steps(layer.weight, bias, numbers, shared=shared))


def layer_scales(layer: FloatLayer, numbers: NumberFormat) -> tuple[Tensor, list[int]]:
    """Return scale steps int64 [out] and the offset of each synapse group.

    Those that training chose, if all groups can keep them, else those of least error. Leaky neurons
    of a layer have one threshold, and so one scale; in whole octaves float32 counts it exactly.
    """
    known = [group.scale_step for group in layer.groups if not group.is_exact]
    if known and all(steps is not None and torch.equal(steps, known[0]) for steps in known):
        steps = known[0]
        is_one = not (layer.is_output or layer.steps) or bool((steps == steps[0]).all())
        if is_one and all(_keeps(group.weight, steps, numbers)
                          for group in layer.groups if group.is_exact):
            return steps, [group.offset for group in layer.groups]
    return choose_scales([group.weight for group in layer.groups], layer.bias, numbers,
                         exact=[group.is_exact for group in layer.groups],
                         shared=layer.is_output or layer.steps > 0,
                         whole_octaves=layer.steps > 0, sums=max(1, layer.steps))


def _keeps(weight: Tensor, steps: Tensor, numbers: NumberFormat) -> bool:
    """Whether codes at these scales are worth exactly 0 and 1, but for float32."""
    decoded = decode(encode(weight, steps, numbers), steps, numbers)
    return bool(((decoded - weight).abs() < 1e-6).all())
