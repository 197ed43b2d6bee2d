"""Activations of conversion-aware training: ReLU → clip → the firing rule itself.

The threshold θ is 1 for all layers; channel scales are folded into it at export.
"""

import torch
from torch import Tensor, nn

from hw.numbers import NumberFormat

__all__ = ["Clip", "TimeCoded", "code_in_time", "spike_times"]


def spike_times(potential: Tensor, numbers: NumberFormat) -> Tensor:
    """Return the first t >= 0 with ``potential >= 2^(−(t + δ)/τ)``, T if none: int64.

    >>> spike_times(torch.tensor([2.0, 1.0, 0.5, 0.46, 0.45, 0.0]), NumberFormat()).tolist()
    [0, 0, 4, 4, 5, 24]
    """
    steps = torch.arange(numbers.window - 1, -1, -1, dtype=torch.float64)
    thresholds = torch.exp2(-(steps + numbers.threshold_offset) / numbers.steps_per_octave)
    reached = torch.bucketize(potential.contiguous(), thresholds.to(potential), right=True)
    return numbers.window - reached


def code_in_time(potential: Tensor, numbers: NumberFormat) -> Tensor:
    """Return what the spike of ``potential`` is worth: 2^(−t/τ), or 0 for silence."""
    steps = torch.arange(numbers.window, dtype=torch.float64)
    worth = torch.exp2(-steps / numbers.steps_per_octave)
    worth = torch.cat([worth, worth.new_zeros(1)]).to(potential)
    return worth[spike_times(potential, numbers)]


class _CodeInTime(torch.autograd.Function):
    """``code_in_time`` with the gradient of the clip: 1 between 0 and θ, else 0."""

    @staticmethod
    def forward(ctx, potential: Tensor, numbers: NumberFormat) -> Tensor:
        ctx.save_for_backward(potential)
        return code_in_time(potential, numbers)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        potential, = ctx.saved_tensors
        return gradient * ((potential > 0) & (potential < 1)), None


class Clip(nn.Module):
    """min(max(x, 0), 1): what a spike can be worth, before time is discrete. Keeps any shape."""

    def forward(self, potential: Tensor) -> Tensor:
        return potential.clamp(0, 1)


class TimeCoded(nn.Module):
    """A neuron that fires once: x becomes 2^(−t/τ), t the step at which x meets the threshold.

    The threshold falls from 2^(−δ/τ) by a factor 2^(−1/τ) a step; what it does not meet in T steps
    is silent, 0. The gradient passes straight through between 0 and 1. Keeps any shape.
    """

    def __init__(self, numbers: NumberFormat):
        super().__init__()
        self.numbers = numbers

    def forward(self, potential: Tensor) -> Tensor:
        return _CodeInTime.apply(potential, self.numbers)

    def extra_repr(self) -> str:
        return (f"steps_per_octave={self.numbers.steps_per_octave}, window={self.numbers.window}, "
                f"threshold_offset={self.numbers.threshold_offset}")
