"""Logarithmic weights: pure functions, their straight-through form, and layers that use them.

A weight is sign · 2^(−q/ρ) · 2^(−k/τ). The second factor is the scale of its output channel; k, the
*scale step*, is an integer, so that export folds it exactly into ``threshold_step`` = F·τ + k.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hw.numbers import NumberFormat

__all__ = ["LogConv2d", "LogLinear", "decode", "encode", "scale_steps", "to_log_layer",
           "whole_bias"]

# A bias larger than this many times the largest weight raises the scale of its channel.
MOST_BIAS = 64.0


def scales(steps: Tensor, numbers: NumberFormat) -> Tensor:
    """Return 2^(−k/τ), float64."""
    return torch.exp2(-steps.to(torch.float64) / numbers.steps_per_octave)


def encode(weight: Tensor, steps: Tensor, numbers: NumberFormat) -> Tensor:
    """Return the nearest codes (in the logarithm) as in network files, int8 of ``weight``'s shape.

    ``steps`` are the scale steps [out]. Larger than the scale becomes the scale; what is nearer
    to 0 than to the smallest magnitude becomes 0.

    >>> encode(torch.tensor([[1.0, -0.5, 0.7, 1e-9]]), torch.tensor([0]), NumberFormat()).tolist()
    [[1, -3, 2, 0]]
    """
    rho, last = numbers.weight_steps_per_octave, numbers.largest_code - 1
    relative = weight.to(torch.float64) / _over_outputs(scales(steps, numbers), weight)
    exponent = torch.round(-rho * relative.abs().log2()).clamp(0, last)
    code = relative.sign() * (exponent + 1)
    is_zero = relative.abs() < 0.5 * 2 ** (-last / rho)
    return torch.where(is_zero, 0, code).to(torch.int8)


def decode(codes: Tensor, steps: Tensor, numbers: NumberFormat) -> Tensor:
    """Return the weights that codes [out, ...] and scale steps [out] stand for, float32."""
    magnitude = torch.exp2(-(codes.abs().to(torch.float64) - 1) / numbers.weight_steps_per_octave)
    return (codes.sign() * magnitude * _over_outputs(scales(steps, numbers), codes)).float()


def whole_bias(bias: Tensor, steps: Tensor, numbers: NumberFormat) -> Tensor:
    """Return the bias in units of 2^(−F) of its channel's scale, rounded, int64 [out]."""
    unit = scales(steps, numbers) * 2.0 ** -numbers.product_bits
    return torch.round(bias.to(torch.float64) / unit).to(torch.int64)


def scale_steps(weight: Tensor, bias: Tensor, numbers: NumberFormat, *,
                shared: bool = False) -> Tensor:
    """Return the scale steps that code ``weight`` [out, ...] with the least squared error, int64.

    Tried are scales from half an octave above to one octave below the largest weight of a channel.
    With ``shared`` all channels get the same one, so that their potentials compare.
    """
    flat = weight.detach().to(torch.float64).flatten(1)
    bias = bias.detach().to(torch.float64).abs()
    if shared:
        flat, bias = flat.reshape(1, -1), bias.max().reshape(1)
    largest, tau = flat.abs().amax(1), numbers.steps_per_octave
    of_bias = bias >= MOST_BIAS * largest
    reference = torch.where(of_bias, bias / torch.where(largest > 0, MOST_BIAS, 1.0), largest)
    centre = torch.round(-tau * torch.where(reference > 0, reference, 1.0).log2()).to(torch.int64)
    best, least = centre, torch.full_like(largest, math.inf)
    for shift in range(-(tau // 2), tau + 1):
        steps = torch.where(of_bias, centre, centre + shift)
        error = (decode(encode(flat, steps, numbers), steps, numbers) - flat).square().sum(1)
        best, least = torch.where(error < least, steps, best), torch.minimum(error, least)
    return best.expand(len(weight)).clone()


def _over_outputs(values: Tensor, weight: Tensor) -> Tensor:
    return values.reshape(-1, *[1] * (weight.dim() - 1))


class _Straight(torch.autograd.Function):
    """Replace a tensor by its quantised form; gradients pass where ``passes``."""

    @staticmethod
    def forward(ctx, latent: Tensor, quantised: Tensor, passes: Tensor) -> Tensor:
        ctx.save_for_backward(passes)
        return quantised

    @staticmethod
    def backward(ctx, gradient: Tensor):
        passes, = ctx.saved_tensors
        return gradient * passes, None, None


class _Logarithmic:
    """Weights and biases of a layer as hardware has them; scales stay as they were chosen.

    The gradient passes straight through, but not to weights beyond the largest magnitude.
    """

    def choose_scales(self, numbers: NumberFormat, *, shared: bool) -> None:
        self.numbers = numbers
        self.register_buffer("scale_step",
                             scale_steps(self.weight, self.bias, numbers, shared=shared))

    def codes(self) -> Tensor:
        return encode(self.weight.detach(), self.scale_step, self.numbers)

    def quantised(self) -> tuple[Tensor, Tensor]:
        scale = scales(self.scale_step, self.numbers)
        limit = scale * 2 ** (0.5 / self.numbers.weight_steps_per_octave)
        weight = decode(self.codes(), self.scale_step, self.numbers)
        passes = self.weight.detach().abs() <= _over_outputs(limit, self.weight)
        whole = whole_bias(self.bias.detach(), self.scale_step, self.numbers)
        bias = (whole * scale * 2.0 ** -self.numbers.product_bits).float()
        return (_Straight.apply(self.weight, weight, passes),
                _Straight.apply(self.bias, bias, torch.ones_like(bias, dtype=torch.bool)))


class LogConv2d(_Logarithmic, nn.Conv2d):
    """``nn.Conv2d`` with a bias, whose weights are logarithmic codes."""

    def forward(self, values: Tensor) -> Tensor:
        return F.conv2d(values, *self.quantised(), self.stride, self.padding)


class LogLinear(_Logarithmic, nn.Linear):
    """``nn.Linear`` with a bias, whose weights are logarithmic codes."""

    def forward(self, values: Tensor) -> Tensor:
        return F.linear(values, *self.quantised())


def to_log_layer(layer: nn.Conv2d | nn.Linear, numbers: NumberFormat, *,
                 shared: bool = False) -> LogConv2d | LogLinear:
    """Return a logarithmic layer with the same latent weights, scales chosen for them."""
    if isinstance(layer, nn.Conv2d):
        other = LogConv2d(layer.in_channels, layer.out_channels, layer.kernel_size,
                          stride=layer.stride, padding=layer.padding)
    else:
        other = LogLinear(layer.in_features, layer.out_features)
    with torch.no_grad():
        other.weight.copy_(layer.weight)
        other.bias.zero_() if layer.bias is None else other.bias.copy_(layer.bias)
    other.choose_scales(numbers, shared=shared)
    return other
