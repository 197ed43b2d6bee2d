"""Logarithmic weights as pure functions: the code of a weight, and the weight of a code.

A weight is sign · 2^(−q/ρ) · 2^(−k/τ). The second factor is the scale of its output channel; k, the
*scale step*, is an integer, so that export folds it exactly into ``threshold_step`` = F·τ + k.

Training and export use the same functions, and these give the same codes on every device: they
multiply in float32, once at a time, and read logarithms off the exponent bits of a product.
"""

import math
from functools import cache

import torch
from torch import Tensor

from hw.numbers import NumberFormat

__all__ = ["bias_unit", "decode", "encode", "over_outputs", "rounded", "rounded_product",
           "scale_of", "whole_bias"]

# Scales lie within so many octaves around 1.
OCTAVES = 125
# Of a floating-point type: integer of the same size, bits of the mantissa, exponent of 1.
FORMS = {torch.float32: (torch.int32, 23, 127), torch.float64: (torch.int64, 52, 1023)}


def scale_of(steps: Tensor, numbers: NumberFormat) -> Tensor:
    """Return 2^(−k/τ) of scale steps k, rounded to float32; a whole octave is exactly half."""
    most = OCTAVES * numbers.steps_per_octave
    place = steps.clamp(-most, most).long() + most
    return _scales(numbers.steps_per_octave, steps.device)[place]


@cache
@torch.inference_mode(False)
def _scales(tau: int, device: torch.device) -> Tensor:
    """Return 2^(−k/τ) of each k that float32 can hold, the smallest k first."""
    steps = range(-OCTAVES * tau, OCTAVES * tau + 1)
    return torch.tensor([math.ldexp(2.0 ** (-(k % tau) / tau), -(k // tau)) for k in steps],
                        device=device)


def encode(weight: Tensor, steps: Tensor, numbers: NumberFormat) -> Tensor:
    """Return the nearest codes (in the logarithm) as in network files, int8 of ``weight``'s shape.

    ``steps`` are the scale steps [out]. Larger than the scale becomes the scale; what is nearer
    to 0 than to the smallest magnitude becomes 0.

    >>> encode(torch.tensor([[1.0, -0.5, 0.7, 1e-9]]), torch.tensor([0]), NumberFormat()).tolist()
    [[1, -3, 2, 0]]
    """
    return (_looked_up("code", weight, steps, numbers) * weight.sign()).to(torch.int8)


def decode(codes: Tensor, steps: Tensor, numbers: NumberFormat) -> Tensor:
    """Return the weights that codes [out, ...] and scale steps [out] stand for, float32."""
    table = torch.tensor([0.0, *_magnitudes(numbers)], device=codes.device)
    magnitude = table[codes.abs().long()] * over_outputs(scale_of(steps, numbers), codes)
    return magnitude * codes.sign()


def rounded(weight: Tensor, steps: Tensor, numbers: NumberFormat) -> Tensor:
    """Return ``decode(encode(weight))`` in less time, of the memory format of ``weight``."""
    scale = over_outputs(scale_of(steps, numbers), weight)
    return _looked_up("magnitude", weight, steps, numbers).mul_(scale).copysign_(weight)


def rounded_product(weight: Tensor, steps: Tensor, offset: int, numbers: NumberFormat,
                    spike: int = 0) -> Tensor:
    """Return what hardware adds for a spike: ±P(spike + offset + q·τ/ρ) · 2^(−F) · scale.

    For a spike of exponent 0 this is :func:`rounded` at the scale steps ``steps`` + ``offset`` but
    for what P truncates; in the memory format of ``weight``.
    """
    scale = over_outputs(scale_of(steps, numbers), weight)
    products = _looked_up("product", weight, steps + offset, numbers, spike + offset)
    return products.mul_(scale).copysign_(weight)


def whole_bias(bias: Tensor, steps: Tensor, numbers: NumberFormat) -> Tensor:
    """Return the bias in units of 2^(−F) of its channel's scale, rounded, int64 [out]."""
    return torch.round(bias.to(torch.float64) / bias_unit(steps, numbers)).to(torch.int64)


def bias_unit(steps: Tensor, numbers: NumberFormat) -> Tensor:
    """Return 2^(−F) of each channel's scale, float64 [out]."""
    return scale_of(steps, numbers).to(torch.float64) * 2.0 ** -numbers.product_bits


def over_outputs(values: Tensor, weight: Tensor) -> Tensor:
    """Return ``values`` [out] in a shape that meets ``weight`` [out, ...]."""
    return values.reshape(-1, *[1] * (weight.dim() - 1))


def _looked_up(what: str, weight: Tensor, steps: Tensor, numbers: NumberFormat,
               exponent: int = 0) -> Tensor:
    """Return the code, the magnitude or the product of each weight without its sign, float32.

    Both follow from ⌊2ρ · log2(|w| / scale)⌋, the exponent of (|w| / scale)^2ρ: codes change where
    it is odd, and to 0 where it is even.
    """
    dtype = _float_of(numbers)
    integer, mantissa_bits, _ = FORMS[dtype]
    inverse = over_outputs(scale_of(-steps, numbers), weight)
    power = (weight.detach() * inverse).to(dtype)
    for _ in range((2 * numbers.weight_steps_per_octave).bit_length() - 1):
        power.square_()
    index = power.view(integer).bitwise_right_shift_(mantissa_bits)
    found = torch.empty_like(power, dtype=torch.float32)
    table = _table(what, numbers, exponent, weight.device)
    torch.index_select(table, 0, _stored(index), out=_stored(found))
    return found


def _float_of(numbers: NumberFormat) -> torch.dtype:
    """Return the type whose exponents hold (|w| / scale)^2ρ of the smallest weight that counts."""
    octaves = 2 * (numbers.largest_code + numbers.weight_steps_per_octave)
    return torch.float32 if octaves < 126 else torch.float64


def _magnitudes(numbers: NumberFormat) -> list[float]:
    """Return 2^(−q/ρ) of each q."""
    return [2.0 ** (-q / numbers.weight_steps_per_octave) for q in range(numbers.largest_code)]


def _products(numbers: NumberFormat, exponent: int) -> list[float]:
    """Return P(exponent + q·τ/ρ) · 2^(−F) of each q."""
    return [math.ldexp(numbers.product(exponent + q * numbers.weight_stride), -numbers.product_bits)
            for q in range(numbers.largest_code)]


@cache
@torch.inference_mode(False)
def _table(what: str, numbers: NumberFormat, exponent: int, device: torch.device) -> Tensor:
    """Return what is looked up for each exponent field of (|w| / scale)^2ρ, float32."""
    last, rho = numbers.largest_code - 1, numbers.weight_steps_per_octave
    _, mantissa_bits, one = FORMS[_float_of(numbers)]
    fields = 1 << (63 if one > 127 else 31) - mantissa_bits
    values = {"code": list(range(1, last + 2)), "magnitude": _magnitudes(numbers),
              "product": _products(numbers, exponent)}[what]
    table = []
    for field in range(fields):
        exponent = (one - field - 0.5) / 2                      # −ρ · log2(|w| / scale), nearly
        q = min(max(round(exponent), 0), last)
        table.append(0.0 if exponent > last + rho else float(values[q]))
    return torch.tensor(table, device=device)


def _stored(dense: Tensor) -> Tensor:
    """Return the numbers of a tensor without gaps in the order of its memory format."""
    return dense.as_strided((dense.numel(),), (1,))
