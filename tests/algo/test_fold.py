import pytest
import torch
from torch import nn

from algo.fold import fold_norm, fold_norms


def norm_of(channels, *, affine=True):
    norm = nn.BatchNorm2d(channels, affine=affine)
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
                        ("norm1", norm_of(4)), ("fire1", nn.ReLU()), ("conv2", nn.Conv2d(4, 2, 1))]:
        model.add_module(name, layer)
    values = torch.rand(2, 1, 8, 8)
    expected = model.eval()(values)
    folded = fold_norms(model)
    assert [(name, type(layer)) for name, layer in folded.named_children()] == [
        ("conv1", nn.Conv2d), ("norm1", nn.Identity), ("fire1", nn.ReLU), ("conv2", nn.Conv2d)]
    assert torch.allclose(folded(values), expected, atol=1e-5)
