"""Leaky integrate-and-fire neurons whose threshold, leak and potentials are those of hardware."""

import torch
from torch import Tensor

from hw.numbers import LEAK_ONE, NumberFormat

from ..conversion.codes import bias_unit
from .leaky import Leaky

__all__ = ["WholeLeaky", "whole_leak", "whole_threshold"]


def whole_threshold(threshold: Tensor, steps: Tensor, numbers: NumberFormat) -> Tensor:
    """Return the threshold in units of 2^(−F) of the layer's scale, rounded, at least 1: int64 [1].

    ``steps`` int64 [1] is the scale step of all channels.
    """
    whole = torch.round(threshold.detach().double() / bias_unit(steps, numbers))
    return whole.clamp_min(1).to(torch.int64)


def whole_leak(leak: Tensor) -> Tensor:
    """Return the leak in 1/256, rounded: int64 [1], 0 to 256."""
    return torch.round(leak.detach().double() * LEAK_ONE).clamp(0, LEAK_ONE).to(torch.int64)


class _Replaced(torch.autograd.Function):
    """Replace a number by what hardware makes of it; the gradient passes straight through."""

    @staticmethod
    def forward(ctx, latent: Tensor, whole: Tensor) -> Tensor:
        return whole

    @staticmethod
    def backward(ctx, gradient: Tensor):
        return gradient, None


class _FlooredLeak(torch.autograd.Function):
    """⌊256λ · V / 256⌋ in units of V, with the gradient of λ · V.

    V = 256·high + low keeps each product below 2^24, so that float32 is exact.
    """

    @staticmethod
    def forward(ctx, potential: Tensor, leak: Tensor, unit: Tensor) -> Tensor:
        ctx.save_for_backward(potential, leak)
        whole = potential / unit
        high = torch.floor(whole / LEAK_ONE)
        low = whole.sub_(high, alpha=LEAK_ONE)
        fraction = leak * LEAK_ONE
        return low.mul_(fraction / LEAK_ONE).floor_().add_(high.mul_(fraction)).mul_(unit)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        potential, leak = ctx.saved_tensors
        return gradient * leak, (gradient * potential).sum().reshape(leak.shape), None


class WholeLeaky(Leaky):
    """:class:`Leaky` with an integer threshold and a leak in 1/256, which rounds down.

    Gradients pass straight through what is rounded. All channels count their potentials in 2^(−F)
    of one scale, 2^(−``scale_step``/τ); with log weights of exact products and a scale of whole
    octaves, each potential is the integer of the hardware times this unit, if both fit float32.
    """

    def __init__(self, neurons: Leaky, numbers: NumberFormat, scale_step: Tensor):
        super().__init__(neurons.steps, is_first=neurons.is_first, pool=neurons.pool)
        self.numbers = numbers
        self.threshold, self.leak = neurons.threshold, neurons.leak
        device = neurons.threshold.device
        self.register_buffer("scale_step", scale_step.to(device, torch.int64).reshape(1).clone())
        self.train(neurons.training)

    @property
    def unit(self) -> Tensor:
        """What the integer 1 of a potential is worth, float32 [1]."""
        return bias_unit(self.scale_step, self.numbers).float()

    def constants(self) -> tuple[Tensor, Tensor]:
        threshold = whole_threshold(self.threshold, self.scale_step, self.numbers)
        return (_Replaced.apply(self.threshold, threshold * self.unit),
                _Replaced.apply(self.leak, whole_leak(self.leak).float() / LEAK_ONE))

    def leaked(self, potential: Tensor, leak: Tensor) -> Tensor:
        return _FlooredLeak.apply(potential, leak, self.unit)
