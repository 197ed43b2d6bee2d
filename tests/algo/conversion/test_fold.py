import pytest
import torch
from torch import nn

from algo.conversion.fold import fold_norm, fold_norms
from algo.conversion.quantise import to_log_layer
from algo.conversion.tracing import ExportError
from algo.neurons import TimeCoded
from hw.numbers import NumberFormat


class Special(nn.BatchNorm2d):
    """Any subclass is folded as well."""


def norm_of(channels, *, affine=True, kind=nn.BatchNorm2d):
    norm = kind(channels, affine=affine)
    norm.running_mean.uniform_(-1, 1)
    norm.running_var.uniform_(0.01, 3)
    if affine:
        nn.init.uniform_(norm.weight, -2, 2)
        nn.init.uniform_(norm.bias, -1, 1)
    return norm.eval()


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_folded_conv_equals_conv_and_norm(affine, bias):
    torch.manual_seed(0)
    conv, norm = nn.Conv2d(3, 6, 3, bias=bias), norm_of(6, affine=affine)
    values = torch.rand(2, 3, 7, 7)
    weight, shift = fold_norm(conv.weight, conv.bias, norm)
    assert torch.allclose(nn.functional.conv2d(values, weight, shift), norm(conv(values)),
                          atol=1e-5)


def test_folded_model_computes_the_same_and_keeps_its_names():
    torch.manual_seed(1)
    model = nn.Sequential()
    for name, layer in [("conv1", nn.Conv2d(1, 4, 3, padding=1, stride=2, bias=False)),
                        ("norm1", norm_of(4, kind=Special)), ("fire1", nn.ReLU()),
                        ("conv2", nn.Conv2d(4, 2, 1)), ("flatten", nn.Flatten()),
                        ("linear", nn.Linear(32, 5)), ("norm2", norm_of(5, kind=nn.BatchNorm1d))]:
        model.add_module(name, layer)
    values = torch.rand(2, 1, 8, 8)
    expected = model.eval()(values)
    folded = fold_norms(model)
    assert torch.allclose(folded(values), expected, atol=1e-5)
    assert [name for name, _ in folded.named_children()] == [
        name for name, _ in model.named_children()]
    assert type(folded.norm1) is type(folded.norm2) is nn.Identity
    assert isinstance(model.norm1, Special) and model.conv1.bias is None        # it is a copy


def test_memory_format_and_mode_stay():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).to(
        memory_format=torch.channels_last)
    folded = fold_norms(model)
    assert folded[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert folded.training and folded[0].training
    assert not fold_norms(model.eval())[1].training


class Shared(nn.Module):
    """A norm whose conv goes elsewhere too, or is called twice."""

    def __init__(self, form):
        super().__init__()
        self.conv, self.norm, self.form = nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2), form

    def forward(self, image):
        return self.form(self.conv, self.norm, image)


REFUSED = [
    (nn.Sequential(nn.Conv2d(2, 2, 1), nn.ReLU(), nn.BatchNorm2d(2)),
     r"2: batch normalisation must follow one conv or linear layer directly, not 1 \(ReLU\)"),
    (nn.Sequential(nn.BatchNorm2d(2), nn.Conv2d(2, 2, 1)), "0: .* directly, not the input"),
    (Shared(lambda conv, norm, x: norm(conv(x) + x)), "norm: .* directly, not operation add"),
    (Shared(lambda conv, norm, x: (lambda y: norm(y) + y)(conv(x))),
     "norm: the result of conv must go to this batch normalisation only"),
    (Shared(lambda conv, norm, x: norm(conv(norm(conv(x))))), "norm is called more than once"),
    (Shared(lambda conv, norm, x: norm(conv(conv(x)))), "conv is called more than once"),
    (nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2, track_running_stats=False)),
     "1: batch normalisation must track running statistics"),
    (nn.Sequential(to_log_layer(nn.Conv2d(2, 2, 1), NumberFormat()), TimeCoded(NumberFormat())),
     None),
    (nn.Sequential(to_log_layer(nn.Conv2d(2, 2, 1), NumberFormat()), nn.BatchNorm2d(2)),
     "1: 0 has log weights already; fold batch normalisation before"),
]


@pytest.mark.parametrize(("model", "message"), REFUSED)
def test_what_cannot_be_folded_is_refused_by_name(model, message):
    if message is None:
        fold_norms(model)
        return
    with pytest.raises(ExportError, match=message) as caught:
        fold_norms(model)
    assert "\n" not in str(caught.value)
