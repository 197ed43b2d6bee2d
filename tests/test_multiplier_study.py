"""The array multiplier of the study: its products, and that it is as accurate and no wider."""

import pytest

from docs.multiplier_study import ArrayMultiplier, narrowest, weight_table, worst_errors
from hw.numbers import NumberFormat
from tests.hw.streams import clocked

NUMBERS = NumberFormat(product_bits=6)


def test_products_of_all_factors():
    spike_bits, weight_bits = narrowest(NUMBERS)
    dut = ArrayMultiplier(NUMBERS, spike_bits, weight_bits)
    weights = weight_table(NUMBERS, weight_bits)
    factors = [(spike, code, negative) for spike in range((1 << spike_bits) + 1)
               for code in range(1, NUMBERS.largest_code + 1) for negative in (0, 1)]
    seen = clocked(dut, [{"spike": spike, "magnitude": code, "negative": negative}
                         for spike, code, negative in factors] + [{}], [dut.product])
    half = 2 ** (spike_bits + weight_bits - NUMBERS.product_bits) / 2
    expected = [int(spike * weights[code - 1] + half) // int(2 * half) * (-1) ** negative
                for spike, code, negative in factors]
    assert [product for product, in seen[1:]] == expected


@pytest.mark.parametrize("fraction", [6, 8, 12])
def test_as_accurate_as_the_log_multiplier_and_no_wider(fraction):
    numbers = NumberFormat(product_bits=fraction)
    spike_bits, weight_bits = narrowest(numbers)
    log, array = worst_errors(numbers, spike_bits, weight_bits)
    assert array <= log < 1.5
    for narrower in ((spike_bits - 1, weight_bits), (spike_bits, weight_bits - 1)):
        assert worst_errors(numbers, *narrower)[1] > log
