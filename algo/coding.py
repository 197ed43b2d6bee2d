"""Input tables: which events a pixel becomes. The network file and training use the same table.

All decisions compare integers: a power 2^(−t/τ) enters as its floor in units of 2^−64, which no
pixel value p/255 lies near enough to mistake.
"""

import numpy as np
import torch
from torch import Tensor

from hw.network.model import NO_EVENT
from hw.numbers import NumberFormat, floor_power_of_two

__all__ = ["CODINGS", "input_table", "pixel_values"]

CODINGS = ("time", "bits", "greedy2", "greedy3")
# An exponent of a table is below 128.
MAX_EXPONENT = 127
ONE_BITS = 64


def input_table(coding: str, numbers: NumberFormat) -> np.ndarray:
    """Return the preset ``coding``, uint8 [256, m].

    ``time``: one spike, at the step at which a neuron of potential p/255 and threshold 1 fires.
    ``bits``: bit k of p (1 is the most significant) is an event of exponent k·τ, exactly p/256.
    ``greedy2``, ``greedy3``: the largest spike that fits into p/255, again for what is left, and
    the last of the 2 or 3 rounded to nearest (in the logarithm); what is worth less than half a
    pixel step is dropped. Raises ``ValueError`` for another name.
    """
    if coding == "time":
        rows = [[_time(pixel, numbers)] for pixel in range(256)]
    elif coding == "bits":
        if 8 * numbers.steps_per_octave > MAX_EXPONENT:
            raise ValueError("coding bits needs steps_per_octave of at most 8, not "
                             f"{numbers.steps_per_octave}")
        rows = [[k * numbers.steps_per_octave if pixel >> (8 - k) & 1 else NO_EVENT
                 for k in range(1, 9)] for pixel in range(256)]
    elif coding in ("greedy2", "greedy3"):
        rows = [_greedy(pixel, int(coding[-1]), numbers.steps_per_octave) for pixel in range(256)]
    else:
        raise ValueError(f"coding must be one of {', '.join(CODINGS)}, not {coding!r}")
    return np.array(rows, dtype=np.uint8)


def pixel_values(table: np.ndarray, numbers: NumberFormat) -> Tensor:
    """Return what each pixel value is worth, Σ 2^(−e/τ) over its events: float32 [256]."""
    worth = np.where(table == NO_EVENT, 0.0,
                     np.exp2(-table.astype(np.float64) / numbers.steps_per_octave))
    return torch.from_numpy(worth.sum(axis=1).astype(np.float32))


def _time(pixel: int, numbers: NumberFormat) -> int:
    """Return the first t with p/255 >= 2^(−(t + δ)/τ), that is (p/255)^2τ >= 2^−(2t + 2δ)."""
    power, doubled_offset = 2 * numbers.steps_per_octave, int(2 * numbers.threshold_offset)
    for step in range(min(numbers.window, MAX_EXPONENT + 1)):
        if pixel ** power << (2 * step + doubled_offset) >= 255 ** power:
            return step
    return NO_EVENT


def _greedy(pixel: int, events: int, tau: int) -> list[int]:
    half_step = (1 << ONE_BITS) // 510
    left, row = (pixel << ONE_BITS) // 255, []
    if pixel == 255:
        left = 1 << ONE_BITS
    for event in range(events):
        is_last = event + 1 == events
        exponent = _largest_spike(left, tau, rounded=is_last)
        if left < half_step or exponent > MAX_EXPONENT:
            break
        row.append(exponent)
        left = max(0, left - _power(2 * exponent, tau))
    return row + [NO_EVENT] * (events - len(row))


def _largest_spike(value: int, tau: int, *, rounded: bool) -> int:
    """Return the first exponent e with 2^(−e/τ), or half a step less, at most ``value``."""
    exponent = 0
    while exponent <= MAX_EXPONENT and _power(2 * exponent + rounded, tau) > value:
        exponent += 1
    return exponent


def _power(half_steps: int, tau: int) -> int:
    """Return ``floor(2^64 · 2^(−half_steps / 2τ))``."""
    return floor_power_of_two(2 * tau * ONE_BITS - half_steps, 2 * tau)
