"""Codes as floats: what hardware adds, and never so little that the code is lost."""

import numpy as np
import pytest
import torch

from algo.conversion.codes import encode
from algo.interchange.weights import float_weights
from hw.network import INPUT, Synapses
from hw.numbers import NumberFormat


def group_of(numbers, offset):
    most = numbers.largest_code
    return Synapses(source=INPUT, kind="linear", offset=offset,
                    weight=np.arange(-most, most + 1, dtype=np.int8)[None])


def test_a_weight_is_worth_what_hardware_adds():
    numbers = NumberFormat()
    values = float_weights(group_of(numbers, 3), numbers)[0]
    expected = [numbers.product(numbers.exponent(spike=0, weight=code, offset=3)) / 2 ** 12
                for code in range(1, numbers.largest_code + 1)]
    assert values.dtype == np.float32 and values[numbers.largest_code] == 0
    assert values[numbers.largest_code + 1:].tolist() == expected
    assert (values == -values[::-1]).all()


@pytest.mark.parametrize("offset", [0, 5, 63])
@pytest.mark.parametrize("numbers", [
    NumberFormat(product_bits=4), NumberFormat(weight_bits=8, weight_steps_per_octave=4),
    NumberFormat(steps_per_octave=16, weight_bits=7, product_bits=6)])
def test_every_code_is_found_again(numbers, offset):
    group = group_of(numbers, offset)
    values = torch.from_numpy(float_weights(group, numbers))
    assert (encode(values, torch.tensor([offset]), numbers).numpy() == group.weight).all()
