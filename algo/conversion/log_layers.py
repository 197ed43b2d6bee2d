"""Conv and linear layers whose weights are logarithmic codes."""

import math
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hw.numbers import NumberFormat

from .codes import (
    bias_unit,
    encode,
    over_outputs,
    rounded,
    rounded_product,
    scale_of,
    whole_bias,
)
from .image_events import ImageEvents

__all__ = ["LogConv2d", "LogLinear"]


class _Straight(torch.autograd.Function):
    """Replace a tensor by its quantised form; gradients pass where it is at most ``limit`` [out].

    The comparison waits for the backward pass, so that inference does without it.
    """

    @staticmethod
    def forward(ctx, latent: Tensor, quantised: Tensor, limit: Tensor) -> Tensor:
        ctx.save_for_backward(latent, limit)
        return quantised

    @staticmethod
    def backward(ctx, gradient: Tensor):
        latent, limit = ctx.saved_tensors
        return torch.where(latent.abs() <= over_outputs(limit, latent), gradient, 0), None, None


class _Logarithmic:
    """Weights and biases of a layer as hardware has them; scales stay as they were chosen.

    Weights of channel c have the scale 2^(−(``scale_step``_c + ``offset``)/τ), the bias counts in
    2^(−F) of 2^(−``scale_step``_c/τ). The gradient passes straight through, but not to weights
    beyond the largest magnitude. The state is the latent weight and bias, and these two buffers.
    With ``is_truncated`` a weight is worth what hardware adds for a spike of exponent 0, which is
    all that leaky neurons send; else its code, before any truncation. With ``events`` the source is
    the image, and evaluation adds up its events one by one, as hardware does.
    """

    numbers: NumberFormat
    is_truncated: bool
    events: ImageEvents | None

    @classmethod
    def of(cls, layer: nn.Module, numbers: NumberFormat, steps: Tensor, offset: int = 0, *,
           is_truncated: bool = False, events: ImageEvents | None = None) -> Self:
        """Return ``layer`` with logarithmic weights, a bias, and the scale steps [out]."""
        weight = layer.weight.detach().clone()
        bias = weight.new_zeros(len(weight)) if layer.bias is None else layer.bias.detach().clone()
        other = cls._like(layer)
        other.numbers, other.is_truncated, other.events = numbers, is_truncated, events
        other.weight, other.bias = nn.Parameter(weight), nn.Parameter(bias)
        other.register_buffer("scale_step", steps.to(weight.device, torch.int64, copy=True))
        other.register_buffer("offset", torch.tensor(offset, device=weight.device))
        return other.train(layer.training)

    def codes(self) -> Tensor:
        """Return the codes of the weights, as in network files."""
        return encode(self.weight.detach(), self.scale_step + self.offset, self.numbers)

    def exact_bias(self) -> Tensor:
        """Return what the bias in network files is worth, float64 [out]."""
        whole = whole_bias(self.bias.detach(), self.scale_step, self.numbers)
        return whole * bias_unit(self.scale_step, self.numbers)

    def quantised(self) -> tuple[Tensor, Tensor]:
        """Return weight and bias as hardware has them, with gradients to the latent ones."""
        steps = self.scale_step + self.offset
        limit = scale_of(steps, self.numbers) * 2 ** (0.5 / self.numbers.weight_steps_per_octave)
        latent = self.weight.detach()
        if self.is_truncated:
            weight = rounded_product(latent, self.scale_step, int(self.offset), self.numbers)
        else:
            weight = rounded(latent, steps, self.numbers)
        return (_Straight.apply(self.weight, weight, limit),
                _Straight.apply(self.bias, self.exact_bias().float(),
                                torch.full_like(limit, math.inf)))

    def _operands(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return values, weight and bias of the sum that the layer is."""
        if self.events is None or self.training:
            return values, *self.quantised()
        weights = [rounded_product(self.weight.detach(), self.scale_step, int(self.offset),
                                   self.numbers, spike) for spike in self.events.exponents]
        return self.events.counts(values), torch.cat(weights, 1), self.exact_bias().float()


class LogConv2d(_Logarithmic, nn.Conv2d):
    """``nn.Conv2d`` with a bias, whose weights are logarithmic codes; made by ``of``."""

    @classmethod
    def _like(cls, conv: nn.Conv2d) -> Self:
        return cls(conv.in_channels, conv.out_channels, conv.kernel_size, stride=conv.stride,
                   padding=conv.padding, device="meta")

    def forward(self, values: Tensor) -> Tensor:
        return F.conv2d(*self._operands(values), self.stride, self.padding)


class LogLinear(_Logarithmic, nn.Linear):
    """``nn.Linear`` with a bias, whose weights are logarithmic codes; made by ``of``."""

    @classmethod
    def _like(cls, linear: nn.Linear) -> Self:
        return cls(linear.in_features, linear.out_features, device="meta")

    def forward(self, values: Tensor) -> Tensor:
        return F.linear(*self._operands(values))
