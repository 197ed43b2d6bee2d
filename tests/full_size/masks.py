"""Weights of pruned layers: which are kept, and the codes they have."""

import numpy as np

from hw.numbers import NumberFormat

__all__ = ["balanced_mask", "random_codes", "random_mask"]

# Standard deviation of a weight before it is quantised: with codes 0 to 14 of half octaves, 7 %
# meet the smallest code, and a dense channel of 4608 weights stays below 2^(24−1).
SPREAD = 0.08


def random_mask(rng, shape: tuple[int, ...], density: float) -> np.ndarray:
    """Return bool [out, in, ...], each kept with probability ``density``."""
    return rng.random(shape) < density


def balanced_mask(rng, shape: tuple[int, ...], density: float, lanes: int) -> np.ndarray:
    """Return bool [out, in, ...]: for each input channel, every lane keeps equally many weights.

    Output channel c belongs to lane c mod ``lanes``. Where the number does not divide, it differs
    by one, and lanes take turns in having one more, so that their totals differ by one at most.
    Where lanes have different numbers of channels, it is in proportion to them.
    """
    outputs, inputs = shape[:2]
    taps = int(np.prod(shape[2:]))
    mask = np.zeros((outputs, inputs, taps), bool)
    used = min(lanes, outputs)
    for lane, turn in enumerate(rng.permutation(used) / used):
        own = np.arange(lane, outputs, lanes)
        share = len(own) * taps * density
        counts = np.diff(np.floor(np.arange(inputs + 1) * share + turn + 1e-9)).astype(int)
        for channel, count in enumerate(counts):
            kept = rng.permutation(len(own) * taps)[:count]
            mask[own[kept // taps], channel, kept % taps] = True
    return mask.reshape(shape)


def random_codes(rng, numbers: NumberFormat, shape: tuple[int, ...]) -> np.ndarray:
    """Return weight codes int8, a normal distribution on the logarithmic grid; none is 0."""
    weight = rng.normal(0, SPREAD, shape)
    code = np.round(-numbers.weight_steps_per_octave * np.log2(np.abs(weight)))
    magnitude = 1 + code.clip(0, numbers.largest_code - 1)
    return np.where(weight < 0, -magnitude, magnitude).astype(np.int8)
