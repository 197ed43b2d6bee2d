"""Activations of conversion-aware training: ReLU → clip → the firing rule itself.

The threshold θ is 1 for all layers; channel scales are folded into it at export.
"""

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hw.numbers import NumberFormat

from ..lookup import looked_up

__all__ = ["Clip", "TimeCoded", "code_in_time", "spike_times"]

# Logarithms of what is smaller are slow.
SMALLEST = 2.0 ** -126


def spike_times(potential: Tensor, numbers: NumberFormat) -> Tensor:
    """Return the first t >= 0 with ``potential >= 2^(−(t + δ)/τ)``, T if none: whole floats.

    >>> spike_times(torch.tensor([2.0, 1.0, 0.5, 0.46, 0.45, 0.0]), NumberFormat()).int().tolist()
    [0, 0, 4, 4, 5, 24]
    """
    tau = numbers.steps_per_octave
    silent = 2 ** (-(numbers.window + 1) / tau)
    times = potential.clamp_min(silent if silent >= SMALLEST else 0).log2_().mul_(-tau)
    return times.sub_(numbers.threshold_offset).ceil_().clamp_(0, numbers.window)


def code_in_time(potential: Tensor, numbers: NumberFormat) -> Tensor:
    """Return what the spike of ``potential`` is worth: 2^(−t/τ), or 0 for silence."""
    times, tau = spike_times(potential, numbers), numbers.steps_per_octave
    worth = times.div_(-tau).exp2_()
    return F.threshold_(worth, 2 ** (-(numbers.window - 0.5) / tau), 0.0)       # t = T: silence


class _CodeInTime(torch.autograd.Function):
    """``code_in_time`` with the gradient of the clip: 1 between 0 and θ, else 0."""

    @staticmethod
    def forward(ctx, potential: Tensor, numbers: NumberFormat) -> Tensor:
        ctx.save_for_backward(potential)
        if potential.dtype == torch.bfloat16 and potential.device.type == "cpu":
            return looked_up(potential, spike_table(numbers))
        return code_in_time(potential.float(), numbers).to(potential.dtype)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        potential, = ctx.saved_tensors
        return torch.ops.aten.hardtanh_backward(gradient, potential, 0.0, 1.0), None


class _Fires(torch.autograd.Function):
    """1 where a spike is worth something, else 0; the gradient of a ramp, 1/top from 0 to top."""

    @staticmethod
    def forward(ctx, potential: Tensor, worth: Tensor, top: float) -> Tensor:
        ctx.save_for_backward(potential)
        ctx.top = top
        return worth.sign()

    @staticmethod
    def backward(ctx, gradient: Tensor):
        potential, = ctx.saved_tensors
        # Where all images have the same gradient, it is divided once.
        first = gradient[:1] if gradient.stride(0) == 0 else gradient
        slope = (first / ctx.top).expand_as(gradient)
        return torch.ops.aten.hardtanh_backward(slope, potential, 0.0, ctx.top), None, None


@cache
def spike_table(numbers: NumberFormat) -> Tensor:
    """Return what the spike of each bfloat16 potential is worth, bfloat16 [65536] by its bits."""
    patterns = torch.arange(1 << 16, dtype=torch.int32).to(torch.uint16).view(torch.bfloat16)
    finite = patterns.float().nan_to_num(0.0, 1.0, 0.0)
    return code_in_time(finite, numbers).bfloat16()


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

    def spikes(self, potential: Tensor, worth: Tensor, reach: float) -> Tensor:
        """Return 1 for each neuron that fires within the window and 0 for others, like ``worth``.

        ``worth`` is what ``forward`` made of ``potential``. The gradient is that of the ramp
        min(max(x, 0), c)/c in place of the step: c is ``reach`` times the last threshold
        2^(−(T − 1 + δ)/τ), so that weak spikes are pushed into silence and strong ones are left.
        """
        numbers = self.numbers
        last = numbers.window - 1 + numbers.threshold_offset
        return _Fires.apply(potential, worth, reach * 2 ** (-last / numbers.steps_per_octave))

    def extra_repr(self) -> str:
        return (f"steps_per_octave={self.numbers.steps_per_octave}, window={self.numbers.window}, "
                f"threshold_offset={self.numbers.threshold_offset}")
