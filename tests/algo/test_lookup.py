"""The table of 16-bit floats: every value, every layout of memory."""

import math

import pytest
import torch

from algo.lookup import looked_up
from algo.neurons.time_coded import TimeCoded, code_in_time, spike_table
from hw.numbers import NumberFormat

EVERY = torch.arange(1 << 16, dtype=torch.int32).to(torch.uint16).view(torch.bfloat16)
FORMATS = [NumberFormat(), NumberFormat(threshold_offset=0, window=7, steps_per_octave=2),
           NumberFormat(steps_per_octave=16, window=250, weight_steps_per_octave=4)]


def bits(values):
    return values.contiguous().view(torch.int16)


@pytest.mark.parametrize("numbers", FORMATS)
def test_every_value_is_that_of_the_firing_rule(numbers):
    """But NaN, which is silent; float32 holds every bfloat16, and the worth is rounded once."""
    expected = code_in_time(EVERY.float().nan_to_num(0.0, math.inf, -math.inf), numbers)
    found = TimeCoded(numbers)(EVERY)
    assert found.dtype == torch.bfloat16
    assert torch.equal(bits(found), bits(expected.bfloat16()))
    assert len(found.unique()) == numbers.window + 1


LAYOUTS = {
    "contiguous": lambda x: x,
    "channels last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "transposed": lambda x: x.transpose(1, 3),
    "sliced": lambda x: x[1:, ::2, :, 1:],
    "one channel": lambda x: x[:, :1],
    "expanded": lambda x: x[:, :1].expand(-1, 5, -1, -1),
    "flat": lambda x: x.flatten(),
    "one value": lambda x: x[0, 0, 0, 0],
    "nothing": lambda x: x[:0],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_memory_layout(layout):
    values = LAYOUTS[layout](torch.randn(4, 6, 5, 8, generator=torch.Generator().manual_seed(0),
                                         dtype=torch.float32).bfloat16())
    table = (EVERY.float() * 2).bfloat16()
    before = bits(values).clone()
    found = looked_up(values, table)
    assert found.shape == values.shape and found.dtype == torch.bfloat16
    assert torch.equal(bits(found), bits((values.float() * 2).bfloat16()))
    assert torch.equal(bits(values), before)


def test_channels_stay_last():
    values = torch.rand(2, 3, 4, 4).bfloat16().contiguous(memory_format=torch.channels_last)
    assert looked_up(values, EVERY).is_contiguous(memory_format=torch.channels_last)


def test_number_of_threads_changes_nothing():
    values, before = torch.randn(100_001).bfloat16(), torch.get_num_threads()
    try:
        results = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            results.append(looked_up(values, spike_table(FORMATS[0])))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*map(bits, results))


def test_gradient_is_that_of_the_clip():
    potential = torch.tensor([-1.0, 0.25, 1.0, 1.5]).bfloat16().requires_grad_()
    TimeCoded(FORMATS[0])(potential).backward(torch.tensor([1.0, 2, 3, 4]).bfloat16())
    expected = torch.tensor([-1.0, 0.25, 1.0, 1.5], requires_grad=True)
    TimeCoded(FORMATS[0])(expected).backward(torch.tensor([1.0, 2, 3, 4]))
    assert potential.grad.tolist() == expected.grad.tolist()
    assert potential.grad[[0, 1, 3]].tolist() == [0, 2, 0]
