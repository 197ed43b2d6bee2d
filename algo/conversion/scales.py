"""Scales of output channels: the steps of 1/τ octave at which log weights have least error.

Which code a weight gets changes only at multiples of half a step, so the sums of 1, |w| and w² over
the weights of each half step tell the squared error at every scale, without another look at them.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from hw.numbers import MAX_OFFSET, NumberFormat

__all__ = ["choose_scales", "scale_steps"]

# A bias larger than this many times the scale of its channel raises the scale.
MOST_BIAS = 64.0
# Weights more octaves below the largest of all are as good as 0.
OCTAVES = 40
# Error of what is not allowed; still finite, so that the least bad remains.
FORBIDDEN = 1e30


def scale_steps(weight: Tensor, bias: Tensor, numbers: NumberFormat, *,
                shared: bool = False) -> Tensor:
    """Return the scale steps that code ``weight`` [out, ...] with the least squared error, int64.

    With ``shared`` all channels get the same one, so that their potentials compare.
    """
    return choose_scales([weight], bias, numbers, shared=shared)[0]


def choose_scales(weights: Sequence[Tensor], bias: Tensor, numbers: NumberFormat, *,
                  exact: Sequence[bool] = (False,), shared: bool = False,
                  whole_octaves: bool = False, sums: int = 1) -> tuple[Tensor, list[int]]:
    """Return scale steps int64 [out] and an offset of each synapse group of one layer.

    Group g codes the weights of channel c at the scale 2^(−(step_c + offset_g)/τ). The sum of
    squared errors is least among all steps and offsets (of three groups and more: nearly), where a
    product is counted as wrong by one unit of the potential.

    Parameters
    ----------
    weights, bias
        [out, ...] of each group, and [out].
    exact
        Which groups have weights 0 and 1 only and must keep them: their offset is 0, and the step
        of a channel with a 1 is −(τ/ρ)·q.
    shared
        All channels get the same step.
    whole_octaves
        Steps are multiples of τ.
    sums
        How often a potential may add up all its weights.
    """
    device = bias.device
    reach = bias.detach().to("cpu", torch.float64).abs() + sum(
        weight.detach().to("cpu").flatten(1).abs().sum(1, dtype=torch.float64)
        for weight in weights)
    flat = [weight.detach().to("cpu", torch.float64).flatten(1).abs() for weight in weights]
    bias = bias.detach().to("cpu", torch.float64).abs()
    channels = len(bias)
    if shared:
        flat, bias = [weight.reshape(1, -1) for weight in flat], bias.max().reshape(1)
        reach = reach.max().reshape(1)
    reach = reach * sums
    free = [weight for weight, is_exact in zip(flat, exact, strict=True) if not is_exact]
    fixed = [weight for weight, is_exact in zip(flat, exact, strict=True) if is_exact]
    search = _Search(free, fixed, bias, reach, numbers, whole_octaves=whole_octaves)
    found = search.offsets()
    steps = search.steps(found)
    offsets = iter(found)
    return (steps.expand(channels).clone().to(device),
            [0 if is_exact else next(offsets) for is_exact in exact])


class _Search:
    """Errors of each channel at each scale step, for groups that are free to choose."""

    def __init__(self, free: list[Tensor], fixed: list[Tensor], bias: Tensor, reach: Tensor,
                 numbers: NumberFormat, *, whole_octaves: bool):
        self.numbers, self.free, self.has_fixed = numbers, free, bool(fixed)
        self.grid = numbers.steps_per_octave if whole_octaves else 1
        tau = numbers.steps_per_octave
        self.largest = torch.stack([bias * 0, *(weight.amax(1) for weight in free)]).amax(0)
        centres = _steps_at(self.largest[self.largest > 0], tau)
        low, high = 0, 0
        if len(centres):
            low, high = int(centres.min()) - tau // 2, int(centres.max()) + 2 * tau
            high = min(high, low + OCTAVES * tau)
        # No bias may be much larger than the scale, and no potential may overflow.
        self.most = torch.where(bias > 0, _steps_at(bias / MOST_BIAS, tau), high)
        self.most = self.most.minimum(self._least_overflow(reach))
        self.of_bias = torch.where(bias > 0, _steps_at(bias, tau), 0) // self.grid * self.grid
        if fixed:
            low, high = min(low, 0), max(high, 0)
        self.spread = MAX_OFFSET if len(free) + self.has_fixed > 1 else 0
        self.low = min(low - self.spread, int(self.most.min()) - self.grid + 1)
        self.steps_tried = torch.arange(self.low, high + 1)
        own = torch.arange(self.low, high + self.spread + 1)
        self.errors = [_errors(weight, own, numbers) for weight in free]
        self.others = self._others(fixed)

    def _least_overflow(self, reach: Tensor) -> Tensor:
        """Return the largest steps [out] at which potentials up to ``reach`` fit, int64.

        Training may still add to the weights: half an octave is left. So that codes keep a part of
        their range, the largest weight is not put below the middle of it, nor by two octaves.
        """
        numbers, tau = self.numbers, self.numbers.steps_per_octave
        room = math.log2(numbers.potential_max) - numbers.product_bits - 0.5
        fits = torch.floor(tau * (room - torch.where(reach > 0, reach, 1.0).log2()))
        least = min(2 * tau, numbers.weight_stride * (numbers.largest_code - 1) // 2)
        return fits.to(torch.int64).maximum(_steps_at(self.largest, tau) - least)

    def _others(self, fixed: list[Tensor]) -> Tensor:
        """Return the error [out, steps] that no offset changes: truncation, bounds, exact ones."""
        tau, steps = self.numbers.steps_per_octave, self.steps_tried
        unit = torch.exp2(-self.numbers.product_bits - steps.double() / tau)
        counts = sum((weight.count_nonzero(1) for weight in self.free), torch.zeros(1))
        others = counts[:, None] * unit.square()
        others = others + FORBIDDEN * (steps - self.most[:, None]).clamp_min(0)
        others = others + FORBIDDEN ** 1.1 * (steps % self.grid > 0)
        stride, largest = self.numbers.weight_stride, self.numbers.largest_code
        is_on_grid = (steps <= 0) & (steps % stride == 0) & (steps > -stride * largest)
        for weight in fixed:
            has_one = weight.any(1)[:, None]
            others = others + FORBIDDEN ** 1.1 * (has_one & ~is_on_grid)
        return others + 1e-30 * steps.abs()                             # 0 where all is equal

    def _total(self, offsets: list[int]) -> Tensor:
        """Return the error [out, steps]; offsets are those of the free groups."""
        count, total = len(self.steps_tried), self.others
        for errors, offset in zip(self.errors, offsets, strict=True):
            total = total + errors[:, offset:offset + count]
        return total

    def offsets(self) -> list[int]:
        """Return the offsets of least error, one group after the other, several twice."""
        found = [0] * len(self.free)
        if not self.spread:
            return found
        first = 0 if self.has_fixed else -self.spread
        values = sorted(range(first, self.spread + 1), key=abs)
        groups = list(range(0 if self.has_fixed else 1, len(found)))
        for group in groups if len(groups) == 1 else 2 * groups:
            tried = [self._lifted(found, group, value) for value in values]
            found = min(tried, key=lambda offsets: float(self._total(offsets).amin(1).sum()))
        return found

    def _lifted(self, offsets: list[int], group: int, value: int) -> list[int]:
        """Return ``offsets`` with one relative to the first, all raised to 0 … 63."""
        changed = [*offsets[:group], value + (0 if self.has_fixed else offsets[0]),
                   *offsets[group + 1:]]
        least = min(0, *changed) if self.has_fixed else min(changed)
        return [min(offset - least, MAX_OFFSET) for offset in changed]

    def steps(self, offsets: list[int]) -> Tensor:
        """Return the steps [out] of least error."""
        found = self.steps_tried[self._total(offsets).argmin(1)]
        if self.has_fixed:
            return found
        return torch.where(self.largest > 0, found, self.of_bias)


def _steps_at(scale: Tensor, tau: int) -> Tensor:
    """Return the scale steps nearest to scales, int64; 0 has none."""
    positive = torch.where(scale > 0, scale, 1.0)
    return torch.round(-tau * positive.log2()).to(torch.int64)


def _errors(magnitude: Tensor, steps: Tensor, numbers: NumberFormat) -> Tensor:
    """Return Σ (decoded − w)² [out, steps] of magnitudes [out, ...]."""
    tau, rho, last = (numbers.steps_per_octave, numbers.weight_steps_per_octave,
                      numbers.largest_code - 1)
    halves = torch.floor(2 * tau * torch.where(magnitude > 0, magnitude, math.nan).log2())
    halves = halves.nan_to_num(nan=-math.inf)
    top = halves.max().clamp_min(-2 * tau * 1000)
    bins = 2 * tau * OCTAVES
    place = (halves - top + bins - 1).clamp_min(-1).to(torch.int64) + 1         # 0: far too small
    rows = torch.arange(len(magnitude))[:, None] * (bins + 1)
    count, first, second = (
        torch.bincount((place + rows).flatten(), weights=values.flatten(),
                       minlength=len(magnitude) * (bins + 1)).reshape(-1, bins + 1)
        for values in (torch.ones_like(magnitude), magnitude, magnitude.square()))
    middle = torch.arange(bins + 1) + top - bins + 0.5                  # of 2τ · log2 |w|
    exponent = -rho / (2 * tau) * (middle[:, None] + 2 * steps)         # −ρ · log2(|w| / scale)
    decoded = torch.exp2(-exponent.round().clamp(0, last) / rho - steps.double() / tau)
    decoded = torch.where(exponent > last + rho, 0, decoded)
    decoded[0] = 0
    return second.sum(1, keepdim=True) - 2 * first @ decoded + count @ decoded.square()
