import pytest
import torch
from torch import nn

from algo.codes import decode, encode, whole_bias
from algo.log_layers import LogConv2d
from algo.quantise import to_log_layer
from algo.scales import scale_steps
from hw.numbers import NumberFormat

FORMATS = [NumberFormat(), NumberFormat(weight_bits=2), NumberFormat(weight_bits=8),
           NumberFormat(steps_per_octave=8, weight_steps_per_octave=8, weight_bits=4)]


def every_code(numbers):
    last = numbers.largest_code
    return torch.arange(-last, last + 1).to(torch.int8).repeat(3, 1)


@pytest.mark.parametrize("numbers", FORMATS)
def test_codes_survive_a_round_trip(numbers):
    codes, steps = every_code(numbers), torch.tensor([-5, 0, 9])
    assert torch.equal(encode(decode(codes, steps, numbers), steps, numbers), codes)


@pytest.mark.parametrize("numbers", FORMATS)
def test_code_is_the_nearest_in_the_logarithm(numbers):
    weight = torch.randn(1, 500, generator=torch.Generator().manual_seed(1)).clamp(-1, 1)
    steps = torch.zeros(1, dtype=torch.int64)
    magnitudes = decode(every_code(numbers)[:1], steps, numbers)[0]
    magnitudes = magnitudes[magnitudes > 0]
    for value, code in zip(weight[0], encode(weight, steps, numbers)[0], strict=True):
        nearest = magnitudes[(magnitudes.log2() - value.abs().log2()).abs().argmin()]
        if value.abs() < magnitudes.min() / 2:
            nearest = torch.tensor(0.0)
        assert decode(code.reshape(1, 1), steps, numbers) == nearest * value.sign()


def test_scales_are_those_of_least_error():
    numbers = NumberFormat()
    weight = torch.randn(8, 40, generator=torch.Generator().manual_seed(2)) * 0.2
    chosen = scale_steps(weight, torch.zeros(8), numbers)

    def error(steps):
        return (decode(encode(weight, steps, numbers), steps, numbers) - weight).square().sum(1)

    for shift in (-1, 1):
        assert (error(chosen) <= error(chosen + shift)).all()


def test_scale_follows_the_weights_by_whole_steps():
    numbers = NumberFormat()
    weight = torch.randn(4, 30, generator=torch.Generator().manual_seed(3))
    steps = scale_steps(weight, torch.zeros(4), numbers)
    assert torch.equal(scale_steps(weight / 2, torch.zeros(4), numbers), steps + 4)


def test_shared_scale_is_one_scale():
    weight = torch.randn(4, 30, generator=torch.Generator().manual_seed(4))
    weight[0] *= 0.1
    assert len(set(scale_steps(weight, torch.zeros(4), NumberFormat(), shared=True).tolist())) == 1
    assert len(set(scale_steps(weight, torch.zeros(4), NumberFormat()).tolist())) > 1


def test_channel_without_weights_takes_the_scale_of_its_bias():
    numbers = NumberFormat()
    bias = torch.tensor([0.3, -0.02, 0.0])
    steps = scale_steps(torch.zeros(3, 9), bias, numbers)
    whole = whole_bias(bias, steps, numbers)
    assert whole[2] == 0
    assert ((whole[:2].abs() > 3400) & (whole[:2].abs() < 4900)).all()


def test_large_bias_raises_the_scale():
    numbers = NumberFormat()
    steps = scale_steps(torch.full((1, 4), 1e-4), torch.tensor([3.0]), numbers)
    assert 0 < whole_bias(torch.tensor([3.0]), steps, numbers) < numbers.potential_max // 8


@pytest.mark.parametrize("layer", [
    nn.Conv2d(3, 5, 3, padding=1, stride=2), nn.Conv2d(3, 5, 1, bias=False), nn.Linear(27, 5)])
def test_layer_computes_with_its_codes(layer):
    numbers = NumberFormat()
    other = to_log_layer(layer, numbers)
    weight = decode(other.codes(), other.scale_step, numbers)
    values = torch.rand(2, 3, 6, 6) if isinstance(layer, nn.Conv2d) else torch.rand(2, 27)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if layer.bias is not None:
            layer.bias.copy_(other.quantised()[1])
    assert torch.allclose(other(values), layer(values), atol=1e-6)


def test_gradient_passes_straight_through_but_not_beyond_the_largest():
    layer = to_log_layer(nn.Conv2d(1, 1, 2), NumberFormat())
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[[[0.3, -0.2], [0.0, 90.0]]]]))
        layer.scale_step.fill_(0)
    layer(torch.ones(1, 1, 2, 2)).sum().backward()
    assert layer.weight.grad.flatten().tolist() == [1, 1, 1, 0]
    assert layer.bias.grad.tolist() == [1]


def test_pruned_weights_stay_zero():
    layer = to_log_layer(nn.Linear(4, 2), NumberFormat())
    with torch.no_grad():
        layer.weight[:, 1] = 0
    assert (layer.codes()[:, 1] == 0).all() and layer.quantised()[0][:, 1].eq(0).all()


def test_scales_are_saved_with_the_layer():
    layer = to_log_layer(nn.Conv2d(2, 3, 3), NumberFormat())
    other = to_log_layer(nn.Conv2d(2, 3, 3), NumberFormat())
    other.load_state_dict(layer.state_dict())
    assert isinstance(other, LogConv2d) and torch.equal(other.codes(), layer.codes())
