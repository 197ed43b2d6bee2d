"""Export: a PyTorch module becomes the integers of a network file.

Potentials of channel c are counted in units of 2^(−F) of its scale 2^(−k/τ), so a time-coded
neuron meets θ = 1 at step t when V ≥ 2^((F·τ + k − t − δ)/τ): ``threshold_step`` = F·τ + k. The
channels of the output share one k, so that the largest score stays the largest. All channels of
leaky neurons share one too, and count their threshold V_th in these units.
"""

import numpy as np
import torch
from torch import Tensor, nn

from hw.network import Layer, Network, Shape, Synapses, validate
from hw.numbers import NumberFormat

from .coding import input_table
from .conversion.codes import encode, whole_bias
from .conversion.graph import FloatLayer, read_layers
from .conversion.quantise import layer_scales
from .conversion.tracing import ExportError
from .neurons import TimeCoded, WholeLeaky
from .neurons.whole_leaky import whole_leak, whole_threshold

__all__ = ["ExportError", "export"]


def export(module: nn.Module, *, input_shape: tuple[int, int, int],
           numbers: NumberFormat | None = None, coding: str | np.ndarray = "time",
           name: str = "network", classes: tuple[str, ...] = (),
           provenance: dict | None = None) -> Network:
    """Return the network that ``module`` in evaluation is, with logarithmic weights.

    Activations must be :class:`algo.neurons.TimeCoded`, or all :class:`algo.neurons.Leaky` of the
    same number of steps. Weights of ``LogConv2d`` and ``LogLinear`` keep their codes; others are
    rounded to the nearest codes, at the scale of least error. Batch normalisation is folded,
    average pooling before a linear layer too; the terms of a sum become synapse groups, spikes that
    skip layers one of weights 1, exactly.

    Parameters
    ----------
    input_shape
        Channels, height and width of the images.
    numbers
        Number format, by default that of the module's neurons.
    coding
        Input table: a preset of ``algo.coding`` or a uint8 [256, m] array.
    name, classes, provenance
        As in the network file.

    Raises :class:`ExportError` that names the module which cannot be expressed, and
    ``hw.network.NetworkError`` if a potential could overflow.
    """
    numbers = numbers or _numbers_of(module)
    table = input_table(coding, numbers) if isinstance(coding, str) else coding
    layers = read_layers(module, Shape(*input_shape), numbers)
    steps = layers[-1].steps
    network = Network(
        name=name, numbers=numbers, input_shape=Shape(*map(int, input_shape)), exponents=table,
        neuron="lif" if steps else "ttfs", steps=steps or 1,
        coding=coding if isinstance(coding, str) else "custom", classes=tuple(classes),
        layers=tuple(_integer_layer(layer, numbers) for layer in layers),
        provenance=provenance or {})
    validate(network)
    return network


def _numbers_of(module: nn.Module) -> NumberFormat:
    found = [part.numbers for part in module.modules()
             if isinstance(part, TimeCoded | WholeLeaky)]
    return found[0] if found else NumberFormat()


def _integer_layer(layer: FloatLayer, numbers: NumberFormat) -> Layer:
    steps, offsets = layer_scales(layer, numbers)
    synapses = tuple(
        Synapses(source=group.source, kind=group.kind, stride=group.stride, padding=group.padding,
                 offset=offset, weight=encode(group.weight, steps + offset, numbers).cpu().numpy())
        for group, offset in zip(layer.groups, offsets, strict=True))
    bias = whole_bias(layer.bias, steps, numbers)
    if bias.abs().max() > numbers.potential_max:
        raise ExportError(f"{layer.name}: its bias of {float(layer.bias.abs().max()):.3g} is too "
                          f"large for potentials of {numbers.potential_bits} bits")
    return Layer(name=layer.name, synapses=synapses, bias=bias.to(torch.int32).cpu().numpy(),
                 pool=layer.pool, **_firing(layer, steps, numbers))


def _firing(layer: FloatLayer, steps: Tensor, numbers: NumberFormat) -> dict:
    """Return the fields of a layer that tell when its neurons fire."""
    if layer.is_output:
        return {}
    if layer.leaky is None:
        thresholds = numbers.product_bits * numbers.steps_per_octave + steps
        return {"threshold_step": _int16(layer, thresholds)}
    latent = layer.leaky.threshold.detach()
    threshold = int(whole_threshold(latent, steps[:1], numbers))
    if threshold > numbers.potential_max:
        raise ExportError(f"{layer.name}: its threshold of {float(latent):.3g} is "
                          f"too large for potentials of {numbers.potential_bits} bits")
    return {"threshold": threshold, "leak": int(whole_leak(layer.leaky.leak))}


def _int16(layer: FloatLayer, thresholds: Tensor) -> np.ndarray:
    if thresholds.abs().max() >= 1 << 15:
        raise ExportError(f"{layer.name}: its weights are too large or too small for a threshold "
                          "step of 16 bits")
    return thresholds.to(torch.int16).cpu().numpy()
