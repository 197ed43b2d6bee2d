import math

import numpy as np
import pytest

from algo.coding import CODINGS, input_table, pixel_values
from hw.network.model import NO_EVENT
from hw.numbers import NumberFormat

FORMATS = [NumberFormat(), NumberFormat(steps_per_octave=8, window=48, threshold_offset=0),
           NumberFormat(steps_per_octave=1, window=4, weight_steps_per_octave=1)]


def rows(coding, numbers):
    return [[int(e) for e in row if e != NO_EVENT] for row in input_table(coding, numbers)]


@pytest.mark.parametrize("numbers", FORMATS)
@pytest.mark.parametrize("coding", CODINGS)
def test_tables_are_valid(coding, numbers):
    table = input_table(coding, numbers)
    assert table.dtype == np.uint8 and table.shape[0] == 256 and 1 <= table.shape[1] <= 8
    assert ((table < 128) | (table == NO_EVENT)).all()
    assert not rows(coding, numbers)[0]


@pytest.mark.parametrize("numbers", FORMATS)
def test_time_is_the_firing_rule(numbers):
    """A neuron whose threshold 1 is 255 units: s with 2^(s/τ) = 255 has no integer, so by logs."""
    for pixel, events in enumerate(rows("time", numbers)[1:], start=1):
        exact = -numbers.steps_per_octave * math.log2(pixel / 255) - numbers.threshold_offset
        step = max(0, math.ceil(exact - 1e-9))
        assert events == ([step] if step < numbers.window else []), pixel


def test_bits_are_exact():
    for numbers in FORMATS:
        worth = pixel_values(input_table("bits", numbers), numbers)
        assert worth.tolist() == [pixel / 256 for pixel in range(256)]


def test_bits_need_exponents_below_128():
    with pytest.raises(ValueError, match="steps_per_octave of at most 8, not 16"):
        input_table("bits", NumberFormat(steps_per_octave=16))


@pytest.mark.parametrize("events", [2, 3])
def test_greedy_gets_closer_with_each_event(events):
    numbers = NumberFormat()
    worth = pixel_values(input_table(f"greedy{events}", numbers), numbers).numpy()
    exact = np.arange(256) / 255
    coarse = np.abs(pixel_values(input_table("time", numbers), numbers).numpy() - exact)
    assert np.abs(worth - exact).max() < (0.02 if events == 2 else 0.005)
    assert np.abs(worth - exact).mean() < 0.2 * coarse.mean()
    assert (np.diff(worth) >= 0).all()


def test_greedy_takes_the_largest_spike_that_fits():
    for pixel, events in enumerate(rows("greedy3", NumberFormat())):
        left = pixel / 255
        for exponent in events[:2] if len(events) == 3 else events[:-1]:
            assert 2 ** (-exponent / 4) <= left + 1e-12 < 2 ** (-(exponent - 1) / 4)
            left -= 2 ** (-exponent / 4)


def test_unknown_coding_is_refused():
    with pytest.raises(ValueError, match=r"coding must be one of time, bits, .* not 'rate'"):
        input_table("rate", NumberFormat())
