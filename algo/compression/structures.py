"""Structures of sparse layers: which sets of single weights a layer may keep.

Each structure is a function ``select(score, first, count)`` of a layer's scores [out, in, ...],
larger is better, of weights ``first`` (bool, the same shape) that go before all others, and of how
many weights to keep. It returns bool of the same shape with exactly ``count`` weights. The same
function removes (score: magnitude, first: the weights that exist), and adds (score: momentum,
first: the weights that remain). Equal scores are told apart by position.
"""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["STRUCTURES", "Select", "balanced", "irregular", "selection"]

# Single weights; single weights, the same number for each lane; whole output channels.
STRUCTURES = ("irregular", "balanced", "channel")

Select = Callable[[Tensor, Tensor, int], Tensor]


def selection(structure: str, lanes: int) -> Select:
    """Return the function of a structure of single weights."""
    return partial(balanced, lanes=lanes) if structure == "balanced" else irregular


def irregular(score: Tensor, first: Tensor, count: int) -> Tensor:
    """Keep the best single weights of the layer."""
    order = score.flatten().sort(descending=True, stable=True).indices
    is_first = first.flatten()[order]
    kept = torch.zeros_like(is_first)
    kept[torch.cat([order[is_first], order[~is_first]])[:count]] = True
    return kept.reshape(score.shape)


def balanced(score: Tensor, first: Tensor, count: int, *, lanes: int) -> Tensor:
    """Keep the same number of weights for each of ``lanes`` lanes, at every input channel.

    Output channel c is on lane c mod ``lanes``. Where an event of an input channel meets equally
    many weights on each lane, all lanes are done with it at the same time.

    What is kept or not is a *slice* of an input channel: the k-th best weight of each lane, over
    all taps. Slices with the most weights of ``first`` are kept before others, then those with the
    most lanes, then those of the largest mean score. So lanes differ for an input channel by one
    weight where ``count`` does not divide, in the one slice of the layer that is kept in part; and
    where a lane has no weight left, as it has fewer output channels.
    """
    shape = score.shape
    cells = [_by_lane(values, lanes) for values in (torch.ones_like(first), first, score)]
    order = _ranked(*cells, dim=2)
    exists, first, score = (cell.gather(2, order) for cell in cells)        # (in, lane, place)
    sizes = exists.sum(1)                                                   # (in, place): slices
    mean = (score * exists).sum(1) / sizes.clamp_min(1)
    slices = _ranked(first.sum(1).flatten(), sizes.flatten(), mean.flatten())
    ends = sizes.flatten()[slices].cumsum(0)
    whole = int((ends <= count).sum())
    is_taken = torch.zeros_like(slices, dtype=torch.bool)
    is_taken[slices[:whole]] = True
    kept = exists & is_taken.reshape(sizes.shape)[:, None]
    rest = count - (int(ends[whole - 1]) if whole else 0)
    if rest:
        row, place = divmod(int(slices[whole]), sizes.shape[1])
        members = _ranked(exists[row, :, place], first[row, :, place], score[row, :, place])
        kept[row, members[:rest], place] = True
    return _from_lanes(torch.zeros_like(kept).scatter(2, order, kept), shape)


def _ranked(*keys: Tensor, dim: int = 0) -> Tensor:
    """Return places in falling order of the first key, then of the second one, and so on."""
    order = None
    for key in reversed(keys):
        key = key.to(torch.int8) if key.dtype == torch.bool else key
        found = key if order is None else key.gather(dim, order)
        found = found.sort(dim=dim, descending=True, stable=True).indices
        order = found if order is None else order.gather(dim, found)
    return order


def _by_lane(values: Tensor, lanes: int) -> Tensor:
    """Return values [out, in, ...] as [in, lane, place]; what lanes lack is 0."""
    outputs, inputs = values.shape[:2]
    flat = F.pad(values.reshape(outputs, inputs, -1), (0, 0, 0, 0, 0, -outputs % lanes))
    return flat.reshape(-1, lanes, *flat.shape[1:]).permute(2, 1, 0, 3).reshape(inputs, lanes, -1)


def _from_lanes(cells: Tensor, shape: torch.Size) -> Tensor:
    """Undo :func:`_by_lane`."""
    inputs, lanes, _ = cells.shape
    taps = shape[2:].numel()
    flat = cells.reshape(inputs, lanes, -1, taps).permute(2, 1, 0, 3)
    return flat.reshape(-1, inputs, taps)[:shape[0]].reshape(shape)
