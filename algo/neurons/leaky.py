"""Leaky integrate-and-fire neurons with a learned threshold and a learned leak per layer.

Chowdhury, Rathi and Roy 2021 (arXiv 2110.05929); thresholds and leaks learn as in Rathi and Roy
2021 (DIET-SNN). The steps lie in the batch dimension, step after step, so that convs, linear layers
and batch normalisation need not know of them.
"""

import torch
from torch import Tensor, nn

__all__ = ["LEAST_THRESHOLD", "Leaky", "fired", "in_range", "neurons_of", "steps_of",
           "summed_over_steps"]

# Height of the surrogate gradient (γ); it is a triangle of half a width of one threshold.
SURROGATE = 0.3
# No threshold falls below; half of one unit of a potential with few fraction bits.
LEAST_THRESHOLD = 2.0 ** -7


class _Fired(torch.autograd.Function):
    """o = 1 if U >= V_th, else 0; with z = U / V_th − 1, do/dz = 0.3 · max(0, 1 − |z|)."""

    @staticmethod
    def forward(ctx, potential: Tensor, threshold: Tensor) -> Tensor:
        ctx.save_for_backward(potential, threshold)
        return (potential >= threshold).to(potential.dtype)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        potential, threshold = ctx.saved_tensors
        relative = potential / threshold                                    # z + 1
        slope = (relative - 1).abs_().neg_().add_(1).clamp_min_(0).mul_(SURROGATE)
        slope = slope.mul_(gradient).div_(threshold)
        return slope.to(potential.dtype), -(slope * relative).sum().reshape(threshold.shape)


def fired(potential: Tensor, threshold: Tensor) -> Tensor:
    """Return 1 where ``potential`` has reached ``threshold`` [1], else 0; surrogate gradient.

    >>> fired(torch.tensor([0.9, 1.0, 1.1]), torch.tensor([1.0])).tolist()
    [0.0, 1.0, 1.0]
    """
    return _Fired.apply(potential, threshold)


class Leaky(nn.Module):
    """N steps of U = λ·V + input; spike if U ≥ V_th; V = U − V_th·spike, from V = 0.

    A window of ``pool`` x ``pool`` spikes if any of its neurons does, which is if the largest U
    reaches V_th; that neuron gets the gradient. The reset subtracts V_th where a neuron spiked; the
    gradient reaches V_th through this and through the spike, not through where it spiked.

    Parameters
    ----------
    steps
        N.
    is_first
        The input is that of one step, and the same at each.
    pool
        Side and stride of the windows of max pooling; 1: none.

    Shape: float [N·B, C, H, W] (``is_first``: [B, C, H, W]) or [N·B, C] -> [N·B, C, H′, W′].
    """

    def __init__(self, steps: int, *, is_first: bool = False, pool: int = 1):
        super().__init__()
        self.steps, self.is_first, self.pool = steps, is_first, pool
        self.threshold = nn.Parameter(torch.ones(1))
        self.leak = nn.Parameter(torch.ones(1))

    def constants(self) -> tuple[Tensor, Tensor]:
        """Return threshold and leak as the neurons use them, [1] each."""
        return self.threshold, self.leak

    def leaked(self, potential: Tensor, leak: Tensor) -> Tensor:
        """Return what a step leaves of a potential."""
        return leak * potential

    def forward(self, sums: Tensor) -> Tensor:
        threshold, leak = self.constants()
        inputs = self.inputs(sums)
        kept, spikes = None, []
        for step in range(self.steps):
            potential = inputs[step]
            if kept is not None:
                potential = self.leaked(kept, leak) + potential
            spikes.append(self._pooled_spikes(potential, threshold).to(sums.dtype))
            if step + 1 < self.steps:
                kept = potential - threshold * (potential.detach() >= threshold.detach())
        return spikes[0] if self.steps == 1 else torch.cat(spikes)

    def inputs(self, sums: Tensor) -> Tensor:
        """Return what ``sums`` adds at each step, [N, B, ...]."""
        if self.is_first:
            return sums.expand(self.steps, *sums.shape)
        return sums.unflatten(0, (self.steps, -1))

    def _pooled_spikes(self, potential: Tensor, threshold: Tensor) -> Tensor:
        if self.pool > 1:
            potential = nn.functional.max_pool2d(potential, self.pool)
        return fired(potential, threshold)

    def spikes(self, sums: Tensor, output: Tensor, reach: float) -> Tensor:
        """Return 1 for each spike that leaves, as ``output`` is: it has a gradient of its own."""
        return output

    def extra_repr(self) -> str:
        pool = f", pool={self.pool}" if self.pool > 1 else ""
        return f"steps={self.steps}{pool}"


def neurons_of(model: nn.Module) -> dict[str, Leaky]:
    """Return the leaky neurons of ``model`` by the names of their modules."""
    return {name: module for name, module in model.named_modules() if isinstance(module, Leaky)}


def steps_of(model: nn.Module) -> int:
    """Return N of a network of leaky neurons, 0 of any other."""
    return next((neurons.steps for neurons in neurons_of(model).values()), 0)


def summed_over_steps(model: nn.Module, _, scores: Tensor) -> Tensor:
    """Return what the output layer holds after N steps [B, classes]: a forward hook of a model."""
    return scores.unflatten(0, (steps_of(model), -1)).sum(0)


@torch.no_grad()
def in_range(model: nn.Module) -> None:
    """Put thresholds and leaks that an optimiser moved too far back: V_th > 0, 0 <= λ <= 1."""
    for neurons in neurons_of(model).values():
        neurons.threshold.clamp_(min=LEAST_THRESHOLD)
        neurons.leak.clamp_(0, 1)
