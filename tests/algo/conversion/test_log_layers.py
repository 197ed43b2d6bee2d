import io

import pytest
import torch
from torch import nn

from algo.conversion.codes import decode, encode
from algo.conversion.log_layers import LogConv2d, LogLinear
from algo.conversion.quantise import to_log_layer
from hw.numbers import NumberFormat

NUMBERS = NumberFormat()


@pytest.mark.parametrize("layer", [
    nn.Conv2d(3, 5, 3, padding=1, stride=2), nn.Conv2d(3, 5, 1, bias=False), nn.Linear(27, 5)])
def test_layer_computes_with_its_codes(layer):
    other = to_log_layer(layer, NUMBERS)
    weight = decode(other.codes(), other.scale_step, NUMBERS)
    values = torch.rand(2, 3, 6, 6) if isinstance(layer, nn.Conv2d) else torch.rand(2, 27)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if layer.bias is not None:
            layer.bias.copy_(other.quantised()[1])
    assert torch.allclose(other(values), layer(values), atol=1e-6)


def test_an_offset_makes_weights_smaller_and_leaves_the_bias():
    conv = nn.Conv2d(2, 3, 3)
    steps = torch.tensor([0, 3, 5])
    first = LogConv2d.of(conv, NUMBERS, steps)
    second = LogConv2d.of(conv, NUMBERS, steps, offset=8)
    assert torch.equal(second.codes(), encode(conv.weight, steps + 8, NUMBERS))
    assert torch.equal(first.exact_bias(), second.exact_bias())
    assert second.quantised()[0].abs().max() <= 0.25


def test_gradient_passes_straight_through_but_not_beyond_the_largest():
    layer = to_log_layer(nn.Conv2d(1, 1, 2), NUMBERS)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[[[0.3, -0.2], [0.0, 90.0]]]]))
        layer.scale_step.fill_(0)
    layer(torch.ones(1, 1, 2, 2)).sum().backward()
    assert layer.weight.grad.flatten().tolist() == [1, 1, 1, 0]
    assert layer.bias.grad.tolist() == [1]


def test_pruned_weights_stay_zero():
    layer = to_log_layer(nn.Linear(4, 2), NUMBERS)
    with torch.no_grad():
        layer.weight[:, 1] = 0
    assert (layer.codes()[:, 1] == 0).all() and layer.quantised()[0][:, 1].eq(0).all()


def test_scales_are_saved_with_the_layer():
    layer = LogLinear.of(nn.Linear(6, 3), NUMBERS, torch.tensor([1, 2, 3]), offset=7)
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    other = to_log_layer(nn.Linear(6, 3), NUMBERS)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert set(layer.state_dict()) == {"weight", "bias", "scale_step", "offset"}
    assert other.scale_step.dtype == torch.int64
    assert torch.equal(other.codes(), layer.codes())


def test_memory_format_stays():
    conv = nn.Conv2d(3, 8, 3).to(memory_format=torch.channels_last)
    layer = to_log_layer(conv, NUMBERS)
    assert layer.weight.is_contiguous(memory_format=torch.channels_last)
    assert layer.quantised()[0].is_contiguous(memory_format=torch.channels_last)
    layer(torch.rand(1, 3, 5, 5)).sum().backward()
    assert layer.weight.grad.is_contiguous(memory_format=torch.channels_last)


def test_half_precision_multiplies_what_the_codes_are_worth():
    layer = to_log_layer(nn.Conv2d(3, 8, 3), NUMBERS)
    values = torch.rand(2, 3, 6, 6)
    with torch.autocast("cpu", torch.bfloat16):
        found = layer(values)
    found.float().sum().backward()
    assert found.dtype == torch.bfloat16 and layer.weight.grad.dtype == torch.float32
    assert torch.allclose(found.float(), layer(values), atol=0.05)


def test_a_conversion_draws_no_random_numbers():
    conv = nn.Conv2d(3, 8, 3)
    torch.manual_seed(1)
    to_log_layer(conv, NUMBERS)
    first = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(3), first)
