import pytest
import torch

from algo.conversion.codes import bias_unit, decode, encode, rounded, scale_of, whole_bias
from hw.numbers import NumberFormat

FORMATS = [
    NumberFormat(), NumberFormat(weight_bits=2), NumberFormat(weight_bits=8),
    NumberFormat(weight_bits=4, steps_per_octave=8, weight_steps_per_octave=8),
    NumberFormat(weight_bits=3, steps_per_octave=1, weight_steps_per_octave=1),
    NumberFormat(weight_bits=8, steps_per_octave=16, weight_steps_per_octave=16)]


def every_code(numbers):
    last = numbers.largest_code
    return torch.arange(-last, last + 1).to(torch.int8).repeat(3, 1)


def drawn(shape, seed):
    print(f"seed {seed}")
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("numbers", FORMATS)
def test_codes_survive_a_round_trip(numbers):
    codes, steps = every_code(numbers), torch.tensor([-5, 0, 9])
    assert torch.equal(encode(decode(codes, steps, numbers), steps, numbers), codes)


@pytest.mark.parametrize("numbers", FORMATS)
def test_code_is_the_nearest_in_the_logarithm(numbers):
    weight, steps = drawn((1, 500), 1).clamp(-1, 1), torch.zeros(1, dtype=torch.int64)
    magnitudes = decode(every_code(numbers)[:1], steps, numbers)[0]
    magnitudes = magnitudes[magnitudes > 0]
    for value, code in zip(weight[0], encode(weight, steps, numbers)[0], strict=True):
        nearest = magnitudes[(magnitudes.log2() - value.abs().log2()).abs().argmin()]
        if value.abs() < magnitudes.min() / 2:
            nearest = torch.tensor(0.0)
        assert decode(code.reshape(1, 1), steps, numbers) == nearest * value.sign()


@pytest.mark.parametrize("numbers", FORMATS)
@pytest.mark.parametrize("value", [0.0, -0.0, 1e-38, 1e-45, 3e38, float("inf")])
def test_codes_at_the_edges(numbers, value):
    weight, steps = torch.tensor([[value, -value]]), torch.tensor([3])
    code = 0 if value < 1 else 1
    assert encode(weight, steps, numbers).tolist() == [[code, -code]]
    scale = scale_of(steps, numbers)
    assert rounded(weight, steps, numbers).abs().tolist() == [[code * float(scale)] * 2]


@pytest.mark.parametrize("numbers", FORMATS)
def test_training_rounds_as_export_does(numbers):
    """Bit by bit, in any memory format, and at scales of any octave."""
    for seed, octaves in enumerate((0, 30, -30)):
        weight = drawn((7, 5, 3, 3), seed) * 2.0 ** -octaves
        tau = numbers.steps_per_octave
        steps = torch.arange(-3, 4) + octaves * tau
        expected = decode(encode(weight, steps, numbers), steps, numbers)
        for layout in (torch.contiguous_format, torch.channels_last):
            found = rounded(weight.contiguous(memory_format=layout), steps, numbers)
            assert torch.equal(found, expected)
            assert found.is_contiguous(memory_format=layout)
        halves = decode(encode(weight / 4, steps + 2 * tau, numbers), steps + 2 * tau, numbers)
        assert torch.equal(halves * 4, expected)


def test_scales_are_powers_of_two():
    numbers = NumberFormat()
    steps = torch.tensor([0, 4, -8, 1, -1, 10_000, -10_000])
    expected = torch.tensor([1.0, 0.5, 4.0, 2 ** -0.25, 2 ** 0.25, 2.0 ** -125, 2.0 ** 125])
    assert torch.equal(scale_of(steps, numbers), expected)
    assert torch.equal(scale_of(steps.to(torch.int16), numbers), expected)


def test_whole_bias_survives_a_round_trip():
    numbers = NumberFormat(product_bits=20)
    steps = torch.arange(-9, 10)
    whole = torch.randint(-2 ** 22, 2 ** 22, (19,), generator=torch.Generator().manual_seed(3))
    bias = whole * bias_unit(steps, numbers)
    assert torch.equal(whole_bias(bias, steps, numbers), whole)
    assert torch.equal(whole_bias(bias + 0.4 * bias_unit(steps, numbers), steps, numbers), whole)
