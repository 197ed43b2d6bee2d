"""Integers of a network as float32, from which reading finds the same integers again."""

import numpy as np
import torch

from hw.network import Synapses
from hw.numbers import NumberFormat

from ..conversion.codes import encode
from .refusal import InterchangeError

__all__ = ["exact_floats", "float_weights"]


def float_weights(group: Synapses, numbers: NumberFormat) -> np.ndarray:
    """Return what the weights of a synapse group are worth, float32 of their shape.

    That is ±P(E) · 2^(−F), what hardware adds for a spike of a neuron; where this is nearer to
    another code, ±2^(−q/ρ − offset/τ).
    """
    codes = torch.arange(1, numbers.largest_code + 1)
    products = torch.tensor([
        numbers.product(numbers.exponent(spike=0, weight=int(code), offset=group.offset))
        * 2.0 ** -numbers.product_bits for code in codes])
    powers = torch.exp2(-(codes.double() - 1) / numbers.weight_steps_per_octave
                        - group.offset / numbers.steps_per_octave).float()
    found = encode(products[None], torch.tensor([group.offset]), numbers)[0]
    table = torch.cat([torch.zeros(1), torch.where(found == codes, products, powers)]).numpy()
    return table[np.abs(group.weight.astype(np.int16))] * np.sign(group.weight)


def exact_floats(where: str, integers: np.ndarray, unit: float) -> np.ndarray:
    """Return integers times ``unit``, a power of two, as float32; refuse what would be rounded."""
    values = (integers * unit).astype(np.float32)
    is_rounded = values.astype(np.float64) != integers * unit
    if is_rounded.any():
        raise InterchangeError(f"{where} must be a float32 exactly, not {integers[is_rounded][0]}")
    return values
