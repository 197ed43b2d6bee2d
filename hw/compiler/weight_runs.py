"""Compressed weights: per lane and input channel, runs of zeros and the weights between them."""

from dataclasses import dataclass

import numpy as np

__all__ = ["WeightRuns", "encode_runs"]


@dataclass(frozen=True, eq=False)
class WeightRuns:
    """The weights of one lane in one synapse group.

    Parameters
    ----------
    skip, code
        int64 [entries]: zeros before a weight, and its signed code; code 0 only bridges zeros.
    counts
        int64 [inputs], entries of each input channel, in order.
    taps
        bool [inputs, taps], which taps of an input channel hold a weight.
    """

    skip: np.ndarray
    code: np.ndarray
    counts: np.ndarray
    taps: np.ndarray


def encode_runs(weights: np.ndarray, *, local_bits: int, skip_bits: int) -> WeightRuns:
    """Encode signed codes, int8 [channels of the lane, inputs, taps].

    Inside an input channel the order is tap outermost, channel innermost, with 2^local_bits
    positions for each tap.
    """
    inputs, taps = weights.shape[1:]
    source, tap, local = np.nonzero(weights.transpose(1, 2, 0))
    position = (tap << local_bits) + local
    before = np.concatenate([[-1], position[:-1]])
    before[np.flatnonzero(np.diff(source, prepend=-1))] = -1
    gap = position - before - 1

    reach = 1 << skip_bits   # positions that an entry without a weight covers
    bridges = gap // reach
    entries = bridges + 1
    is_weight = np.zeros(entries.sum(), bool)
    is_weight[np.cumsum(entries) - 1] = True
    skip = np.full(len(is_weight), reach - 1)
    skip[is_weight] = gap % reach
    code = np.zeros(len(is_weight), np.int64)
    code[is_weight] = weights[local, source, tap]
    used = np.zeros((inputs, taps), bool)
    used[source, tap] = True
    return WeightRuns(skip, code, np.bincount(source, entries, inputs).astype(np.int64), used)
