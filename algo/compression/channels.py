"""Channels as units of pruning: which layers write and read them, and what a network of them costs.

Layers whose results are added write the same channels (a *group*): these exist in all of them or in
none. A channel that is gone takes its filters with it, and in each layer that reads it, the weights
of that input channel.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn

from ..conversion.tracing import ADDITIONS, NORMS, traced
from .budgets import weights_to_drop

__all__ = ["Channels", "channels_of", "drop_channels", "fewer_channels", "first_channels",
           "grow_channels"]

# Parts of a group's channels that are tried, to meet a budget.
PARTS = 1000


@dataclass(frozen=True)
class Channels:
    """The groups of channels of a network.

    Parameters
    ----------
    sizes
        Channels of each group.
    free
        Groups that may lose channels, in the order of their first layer; not those of the image
        and of the scores.
    writes, reads
        Group of the output and of the input channels, by layer.
    norms
        Group by batch normalisation.
    shapes
        Of the weight of each layer.
    """

    sizes: tuple[int, ...]
    free: tuple[int, ...]
    writes: dict[str, int]
    reads: dict[str, int]
    norms: dict[str, int]
    shapes: dict[str, torch.Size]

    def count(self, kept: Sequence[int]) -> int:
        """Return the weights of a network that has ``kept`` channels of each group."""
        return sum(shape.numel() * kept[self.writes[name]] // shape[0] * kept[self.reads[name]]
                   // self.sizes[self.reads[name]] for name, shape in self.shapes.items())

    def masks(self, kept: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return masks (bool) of the layers; ``kept`` is bool [channels] of each group."""
        found = {}
        for name, shape in self.shapes.items():
            inputs = self.spread(name, kept[self.reads[name]])
            mask = kept[self.writes[name]][:, None] & inputs[None]
            found[name] = mask.reshape(*mask.shape, *[1] * (len(shape) - 2)).expand(shape).clone()
        return found

    def kept(self, masks: dict[str, Tensor]) -> list[Tensor]:
        """Undo :meth:`masks`: a channel exists if a weight reads it."""
        device = next(iter(masks.values())).device
        found = [torch.ones(size, dtype=torch.bool, device=device) for size in self.sizes]
        for group in self.free:
            found[group] = self.by_channel(masks, group, of="reads").bool().any(1)
        return found

    def spread(self, name: str, channels: Tensor) -> Tensor:
        """Return what is known of the channels a layer reads, for each of its inputs.

        A linear layer reads a flattened map: as many inputs for each channel as it has positions.
        """
        return channels.repeat_interleave(self.shapes[name][1] // len(channels))

    def by_channel(self, tensors: dict[str, Tensor], group: int, *, of: str) -> Tensor:
        """Return the values of each channel side by side, [channels, values].

        ``of`` is ``writes`` (its filters) or ``reads`` (the weights that read it).
        """
        rows = []
        for name, own in getattr(self, of).items():
            if own == group:
                tensor = tensors[name]
                if of == "reads":
                    tensor = tensor.transpose(0, 1)
                rows.append(tensor.reshape(self.sizes[group], -1))
        return torch.cat(rows, 1)


def channels_of(model: nn.Module, dense: Sequence[str] = ()) -> Channels:
    """Return the groups of channels of ``model``; those that layers of ``dense`` write stay whole.

    Raises :class:`algo.conversion.tracing.ExportError` if its forward cannot be followed, and
    ``ValueError`` for what has channels of another kind.
    """
    reader = _Reader(dict(model.named_modules()))
    for node in traced(model).nodes:
        reader.read(node)
    return reader.channels(dense)


class _Reader:
    """Walks a graph; ``groups`` has the group of what each node returns."""

    def __init__(self, modules: dict[str, nn.Module]):
        self.modules, self.groups = modules, {}
        self.parents: list[int] = []
        self.sizes: list[int | None] = []
        self.writes, self.reads, self.norms, self.fixed = {}, {}, {}, set()

    def read(self, node: fx.Node) -> None:
        inputs = [self.groups[other] for other in node.all_input_nodes if other in self.groups]
        if node.op == "placeholder":
            self.groups[node] = self._new(None)
            self.fixed.add(self.groups[node])
        elif node.op == "output":
            self.fixed |= set(inputs)
        elif node.op == "call_module" and isinstance(self.modules[node.target],
                                                     nn.Conv2d | nn.Linear):
            self.groups[node] = self._layer(node.target, inputs[0])
        elif node.target in ADDITIONS and len(inputs) == 2:
            self.groups[node] = self._joined(*inputs)
        else:
            if isinstance(self.modules.get(node.target), NORMS):
                self.norms[node.target] = inputs[0]
            self.groups[node] = inputs[0]

    def channels(self, dense: Sequence[str]) -> Channels:
        fixed = {self._root(group) for group in self.fixed}
        fixed |= {self._root(self.writes[name]) for name in dense}
        roots = sorted({self._root(group) for group in range(len(self.parents))})
        place = {root: index for index, root in enumerate(roots)}
        of = [{name: place[self._root(group)] for name, group in table.items()}
              for table in (self.writes, self.reads, self.norms)]
        return Channels(tuple(self.sizes[root] for root in roots),
                        tuple(place[root] for root in roots if root not in fixed), *of,
                        {name: self.modules[name].weight.shape for name in self.writes})

    def _layer(self, name: str, source: int) -> int:
        layer = self.modules[name]
        if getattr(layer, "groups", 1) != 1 or name in self.writes:
            raise ValueError(f"{name}: channels can be pruned only where a conv has groups=1 and "
                             "each layer is called once")
        if self.sizes[self._root(source)] is None:
            self.sizes[self._root(source)] = layer.weight.shape[1]
        self.reads[name], self.writes[name] = source, self._new(len(layer.weight))
        return self.writes[name]

    def _new(self, size: int | None) -> int:
        self.parents.append(len(self.parents))
        self.sizes.append(size)
        return len(self.parents) - 1

    def _root(self, group: int) -> int:
        while self.parents[group] != group:
            group = self.parents[group]
        return group

    def _joined(self, one: int, other: int) -> int:
        first, second = sorted((self._root(one), self._root(other)))
        self.parents[second] = first
        return first


def first_channels(channels: Channels, scores: Sequence[Tensor], budget: int) -> list[Tensor]:
    """Return which channels (bool of each group) new layers have: as even a part of each as fits.

    ``scores`` are those of all channels of each group; the best exist. The network has at most
    ``budget`` weights, and no further channel fits. Raises ``ValueError`` if one of each is too
    much.
    """
    counts = [1 if group in channels.free else size for group, size in enumerate(channels.sizes)]
    least = channels.count(counts)
    if least > budget:
        raise ValueError(f"density must leave at least the {least} weights of one channel in each "
                         f"layer, not {budget}")
    none = [torch.arange(size, device=score.device) >= size * (group in channels.free)
            for group, (size, score) in enumerate(zip(channels.sizes, scores, strict=True))]
    for group in channels.free:
        none[group][int(scores[group].argmax())] = True
    return grow_channels(channels, none, scores, [float(size) for size in channels.sizes], budget,
                         had=counts)


def drop_channels(channels: Channels, kept: Sequence[Tensor], norms: Sequence[Tensor],
                  fraction: float) -> list[Tensor]:
    """Return ``kept`` without the ⌈fraction · kept⌉ channels of the smallest norm of each group."""
    found = [own.clone() for own in kept]
    for group in channels.free:
        gone = weights_to_drop(fraction, int(kept[group].count_nonzero()))
        order = norms[group].masked_fill(~kept[group], math.inf).sort(stable=True).indices
        found[group][order[:gone]] = False
    return found


def fewer_channels(channels: Channels, kept: Sequence[Tensor], scores: Sequence[Tensor],
                   budget: int) -> list[Tensor]:
    """Return ``kept`` with the best channels only, as even a part of each group as fits ``budget``.
    """
    counts = _counts(kept)
    if channels.count(counts) <= budget:
        return list(kept)
    scores = [score.masked_fill(~own, -math.inf) for own, score in zip(kept, scores, strict=True)]
    few = [1 / PARTS * part for part in range(PARTS)]
    least = bisect_left(few, True, key=lambda fraction: channels.count(
        _counts(drop_channels(channels, kept, scores, fraction))) <= budget)
    left = drop_channels(channels, kept, scores, few[min(least, PARTS - 1)])
    return grow_channels(channels, left, scores, counts, budget, had=_counts(left))


def grow_channels(channels: Channels, kept: Sequence[Tensor], scores: Sequence[Tensor],
                  shares: Sequence[float], budget: int, *,
                  had: Sequence[int] | None = None) -> list[Tensor]:
    """Return ``kept`` with more channels, the best of each group, until none fits ``budget``.

    One after the other goes to the group that has the largest share / (2 · new + 1) (Webster's
    method), the first of equal ones, among those with a channel left that fits. At the end the
    network has at most ``budget`` weights, and less than one channel more would have. ``had``
    counts as new from the beginning.
    """
    found = [own.clone() for own in kept]
    counts = _counts(kept)
    new = list(had or [0] * len(counts))
    open_groups = [group for group in channels.free if counts[group] < channels.sizes[group]]
    order = {group: iter(scores[group].masked_fill(kept[group], -math.inf).sort(
        descending=True, stable=True).indices.tolist()) for group in open_groups}
    while open_groups:
        group = max(open_groups, key=lambda g: (shares[g] / (2 * new[g] + 1), -g))
        counts[group] += 1
        if channels.count(counts) > budget:
            counts[group] -= 1
            open_groups.remove(group)               # weights only grow: it will not fit later
            continue
        found[group][next(order[group])] = True
        new[group] += 1
        if counts[group] == channels.sizes[group]:
            open_groups.remove(group)
    return found


def _counts(kept: Sequence[Tensor]) -> list[int]:
    """Return how many channels of each group exist."""
    return [int(own.count_nonzero()) for own in kept]
