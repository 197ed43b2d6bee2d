"""A processor small enough for Amaranth's simulator, its pipelines, and numbers of every kind."""

from dataclasses import replace
from random import Random

import pytest

from hw.config import Configuration
from hw.numbers import NumberFormat

__all__ = ["PIPELINES", "SMALL", "random_numbers", "with_numbers"]

# For tests of what either pipeline does; the longer one is some cycles later.
PIPELINES = pytest.mark.parametrize("deep", [False, True], ids=["short", "deep"])

SMALL = Configuration(
    name="small", lanes=4, queue_depth=3, skip_bits=3, weight_depth=2048, weight_buffer_depth=64,
    pointer_depth=512, potential_depth=256, channel_depth=64, spike_depth=256, pixel_depth=256,
    instruction_depth=16)


def with_numbers(**fields) -> Configuration:
    """Return the small configuration with a number format of these fields."""
    return replace(SMALL, numbers=NumberFormat(**fields))


def random_numbers(seed: int) -> NumberFormat:
    """Return the number format ``seed``, anything that a network file may hold."""
    rng = Random(seed)
    tau = rng.choice([1, 2, 4, 8, 16])
    product_bits = rng.randint(4, 20)
    return NumberFormat(
        steps_per_octave=tau, window=rng.randint(1, 250), threshold_offset=rng.choice([0, 0.5]),
        weight_bits=rng.randint(2, 8),
        weight_steps_per_octave=rng.choice([rho for rho in (1, 2, 4, 8, 16) if rho <= tau]),
        product_bits=product_bits, potential_bits=rng.randint(max(12, product_bits + 2), 32))
