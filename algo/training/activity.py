"""The penalty on spiking activity: what the spikes of a batch cost in synaptic operations."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hw.network import INPUT, Shape, Synapses
from hw.numbers import NumberFormat

from ..conversion.codes import encode
from ..conversion.graph import FloatGroup, read_layers
from ..models import SPIKING
from ..operations.fan_out import dense_operations, fan_out_of
from .parallel import own_norms
from .recipe import Recipe
from .stage import Stage

__all__ = ["SpikeMeter", "metered", "spike_costs"]

# Spikes that bfloat16 counts exactly.
MOST_AT_ONCE = 256


@torch.no_grad()
def spike_costs(model: nn.Module, input_shape: tuple[int, int, int],
                numbers: NumberFormat) -> dict[str, Tensor]:
    """Return what a spike of each neuron costs, float32 [C, H, W] by the name of its module.

    That is its fan-out over the weights that are not zero now, as export would store them, divided
    by the operations of the dense network; H and W are those of the map that is sent, after
    pooling. ``model`` has a form that spikes.
    """
    layers = read_layers(own_norms(deepcopy(model)), Shape(*input_shape), numbers)
    shapes, costs, dense = {INPUT: Shape(*input_shape)}, {}, 0
    for layer in layers:
        groups = [_stored(group, numbers) for group in layer.groups]
        for group in groups:
            source = shapes[group.source]
            dense += dense_operations(group, source)
            costs[group.source] = costs.get(group.source, 0) + fan_out_of(group, source)
        channels, height, width = groups[0].output_shape(shapes[groups[0].source])
        shapes[layer.name] = Shape(channels, height // layer.pool, width // layer.pool)
    return {layer.neurons: torch.from_numpy(costs[layer.name] / dense).float()
            for layer in layers if not layer.is_output}


def _stored(group: FloatGroup, numbers: NumberFormat) -> Synapses:
    """Return a group with weights 1 and 0, for those that a network file would have and not."""
    weight = group.weight
    if group.scale_step is not None:                        # small ones are rounded to 0
        weight = encode(weight, group.scale_step + group.offset, numbers)
    return Synapses(source=group.source, kind=group.kind, stride=group.stride,
                    padding=group.padding, weight=(weight != 0).cpu().numpy().astype("int8"))


@contextmanager
def metered(model: nn.Module, recipe: Recipe, stage: Stage,
            input_shape: tuple[int, int, int]) -> Iterator["SpikeMeter | None"]:
    """Measure the spikes of ``model``, as its weights are now; ``None`` without a penalty."""
    if not recipe.activity.weight or stage.form not in SPIKING:
        yield None
        return
    meter = SpikeMeter(spike_costs(model, input_shape, stage.numbers(recipe.numbers)),
                       recipe.activity.reach)
    device = next(model.parameters()).device
    hooks = [model.get_submodule(name).register_forward_hook(meter.listener(cost.to(device)))
             for name, cost in meter.costs.items()]
    try:
        yield meter
    finally:
        for hook in hooks:
            hook.remove()


class _Cost(torch.autograd.Function):
    """Σ spikes · cost and Σ spikes, of spikes [N, C, H, W] or [N, C] and a cost [C, H, W].

    In the memory order of the spikes, and with a gradient that is not written N times.
    """

    @staticmethod
    def forward(ctx, spikes: Tensor, cost: Tensor) -> tuple[Tensor, Tensor]:
        ctx.shape, ctx.dtype = spikes.shape, spikes.dtype
        ctx.last = spikes.dim() == 4 and spikes.is_contiguous(memory_format=torch.channels_last)
        rows = (spikes.permute(0, 2, 3, 1) if ctx.last else spikes).flatten(1)
        ctx.cost = (cost.permute(1, 2, 0) if ctx.last else cost).flatten()
        counts = sum((part.new_ones(1, len(part)) @ part).float()
                     for part in rows.split(MOST_AT_ONCE))[0]
        total = counts.sum()
        ctx.mark_non_differentiable(total)
        return counts @ ctx.cost, total

    @staticmethod
    def backward(ctx, gradient: Tensor, _):
        each = (gradient * ctx.cost).to(ctx.dtype)
        if ctx.last:
            _, channels, height, width = ctx.shape
            each = each.view(1, height, width, channels).permute(0, 3, 1, 2)
        else:
            each = each.view(1, *ctx.shape[1:])
        return each.expand(ctx.shape), None


class SpikeMeter:
    """Adds up what spikes cost, batch by batch, and over an epoch.

    Listens to modules that have a method ``spikes(potential, output, reach)``: from what went in
    and what came out, float of the shape of ``output``, 1 for each spike and 0 for silence, with a
    gradient to the potential. Several steps of a neuron may lie in the batch dimension.
    """

    def __init__(self, costs: dict[str, Tensor], reach: float):
        self.costs, self.reach = costs, reach
        self._neurons = sum(cost.numel() for cost in costs.values())
        self._cost: Tensor | float = 0.0
        self._total_cost = self._total_spikes = 0.0
        self._images = 0

    def listener(self, cost: Tensor) -> Callable:
        """Return a forward hook for the neurons of one layer; ``cost`` is that of each."""
        def listen(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
            spikes = module.spikes(*inputs, output, self.reach)
            if spikes[0].numel() != cost.numel():           # it fires before it is pooled
                spikes = F.max_pool2d(spikes, spikes.shape[-1] // cost.shape[-1])
            found, count = _Cost.apply(spikes, cost)
            self._cost = self._cost + found
            self._total_spikes = self._total_spikes + count
        return listen

    def share(self, images: int) -> Tensor:
        """Return the cost since the last call, for each of so many images, with its gradient.

        It is the mean share of the operations of a dense network that spikes of hidden layers
        caused: 1 if all neurons fire once and no weight is zero (but for taps in the padding).
        """
        cost, self._cost = self._cost, 0.0
        self._total_cost = self._total_cost + cost.detach()
        self._images += images
        return cost / images

    def means(self) -> dict[str, float]:
        """Return ``spikes``, those that each neuron sent to the next layers on average (after
        pooling), and ``operations``, their mean share of the dense network's."""
        return {"spikes": float(self._total_spikes) / (self._neurons * self._images),
                "operations": float(self._total_cost) / self._images}
