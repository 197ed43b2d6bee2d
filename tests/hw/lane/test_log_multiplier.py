"""The log multiplier against the arithmetic of the number format, over all of its inputs."""

from dataclasses import replace
from itertools import product
from random import Random

import pytest

from hw.lane.log_multiplier import LogMultiplier
from hw.layout import exponent_bits
from hw.numbers import NumberFormat
from tests.hw.configurations import PIPELINES, SMALL, random_numbers
from tests.hw.streams import clocked

FEW = 4000


def products(config, factors: list[tuple[int, int, bool]]) -> list[int]:
    """Return the products of (exponent, magnitude, negative), sent one per cycle."""
    dut = LogMultiplier(config)
    stimulus = [{"factors": {"exponent": exponent, "magnitude": magnitude, "negative": negative}}
                for exponent, magnitude, negative in factors]
    latency = 3 if config.deep_pipeline else 1
    seen = clocked(dut, stimulus + [{}] * latency, [dut.product])
    return [value for value, in seen[latency:]]


def expected(numbers: NumberFormat, exponent: int, magnitude: int, negative: bool) -> int:
    value = numbers.product(numbers.exponent(spike=exponent, weight=magnitude))
    return -value if negative else value


def all_factors(config) -> list[tuple[int, int, bool]]:
    return list(product(range(1 << exponent_bits(config)),
                        range(1, config.numbers.largest_code + 1), (False, True)))


@pytest.mark.parametrize("numbers", [
    NumberFormat(weight_bits=4),
    NumberFormat(steps_per_octave=1, weight_steps_per_octave=1, weight_bits=3, product_bits=4,
                 threshold_offset=0, potential_bits=12),
    NumberFormat(steps_per_octave=16, weight_steps_per_octave=16, weight_bits=2, product_bits=20,
                 potential_bits=32, window=250),
    NumberFormat(steps_per_octave=16, weight_steps_per_octave=1, weight_bits=3),
], ids=["default", "octaves", "widest", "whole octaves of weights"])
@PIPELINES
def test_all_products(numbers, deep):
    config = replace(SMALL, numbers=numbers, deep_pipeline=deep)
    factors = all_factors(config)
    assert products(config, factors) == [expected(numbers, *factor) for factor in factors]


@pytest.mark.parametrize("seed", range(8))
def test_products_of_any_format(seed):
    config = replace(SMALL, numbers=random_numbers(seed))
    factors = all_factors(config)
    factors = Random(seed).sample(factors, min(FEW, len(factors)))
    assert products(config, factors) == [expected(config.numbers, *factor) for factor in factors]
