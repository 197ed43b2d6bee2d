import pytest
import torch
from torch import nn

from algo.conversion.codes import decode, encode
from algo.conversion.fold import fold_norms
from algo.conversion.log_layers import LogConv2d, LogLinear
from algo.conversion.quantise import to_log_form, to_log_layer
from algo.conversion.tracing import ExportError
from algo.neurons import TimeCoded
from hw.numbers import NumberFormat

NUMBERS = NumberFormat()
SHAPE = (1, 6, 6)


def small(*, norm=False):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4) if norm else nn.Identity(), TimeCoded(NUMBERS),
        nn.Flatten(), nn.Linear(64, 3)).eval()


def test_all_weights_become_logarithmic_in_a_copy():
    model = small()
    other = to_log_form(model, SHAPE, NUMBERS)
    assert isinstance(other[0], LogConv2d) and isinstance(other[4], LogLinear)
    assert type(model[0]) is nn.Conv2d
    assert torch.equal(other[0].weight, model[0].weight)
    assert len(set(other[4].scale_step.tolist())) == 1          # so that scores compare
    assert not other.training and not other[0].training


def test_what_is_frozen_stays():
    model = small()
    model[0].weight.requires_grad_(False).round_().clamp_(0, 1)
    model[0].weight[:, 0, 0, 0] = 1
    other = to_log_form(model, SHAPE, NUMBERS)
    assert type(other[0]) is nn.Conv2d and torch.equal(other[0].weight, model[0].weight)


def test_again_scales_are_kept():
    """Of a form that has been trained, too."""
    once = to_log_form(small(), SHAPE, NUMBERS)
    with torch.no_grad():
        once[0].weight.mul_(0.3)
    twice = to_log_form(once, SHAPE, NUMBERS)
    assert torch.equal(twice[0].scale_step, once[0].scale_step)


def test_norms_must_be_folded_first():
    with pytest.raises(ExportError, match="1: fold batch normalisation before weights become log"):
        to_log_form(small(norm=True), SHAPE, NUMBERS)
    to_log_form(fold_norms(small(norm=True)), SHAPE, NUMBERS)


def test_numbers_of_neurons_must_be_those_of_the_weights():
    with pytest.raises(ExportError, match=r"2: window must be that of the network \(9\), not 24"):
        to_log_form(small(), SHAPE, NumberFormat(window=9))


def test_a_layer_alone():
    linear = nn.Linear(5, 4)
    layer = to_log_layer(linear, NUMBERS, shared=True)
    assert len(set(layer.scale_step.tolist())) == 1 and int(layer.offset) == 0
    weight = decode(encode(linear.weight, layer.scale_step, NUMBERS), layer.scale_step, NUMBERS)
    assert torch.equal(layer.quantised()[0], weight)
