"""Architectures: shapes, and sizes against published ones."""

import pytest
import torch
from torch import nn

from algo.models import ARCHITECTURES, build

PLAIN = {"channels": (4, 6), "pools": (2, 1)}


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


# Counts of the usual CIFAR-10 versions. Our VGG has no conv biases, which batch normalisation would
# cancel: 2,752 and 4,224 fewer than 9,231,114 and 14,728,266. ResNet-20 has skip convs (option B):
# 2,752 more than 269,722.
@pytest.mark.parametrize(("architecture", "count"), [
    ("vgg11", 9_228_362), ("vgg16", 14_724_042), ("resnet18", 11_173_962), ("resnet20", 272_474)])
def test_published_sizes(architecture, count):
    with torch.device("meta"):
        model = build(architecture, input_shape=(3, 32, 32), classes=10)
    assert parameters(model) == count


def test_convs_of_vgg16_and_resnet20():
    """16 = 13 convs and 3 linear layers, of which one is left; 20 = 19 convs and one, and skips."""
    with torch.device("meta"):
        convs = {name: sum(isinstance(layer, nn.Conv2d) for layer in build(
            name, input_shape=(3, 32, 32), classes=10).modules()) for name in ARCHITECTURES[1:]}
    assert convs == {"vgg11": 8, "vgg16": 13, "resnet18": 17 + 3, "resnet20": 19 + 2}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 40, 32)])
def test_scores_have_a_class_each(architecture, shape):
    options = PLAIN if architecture == "plain" else {"width": 0.125}
    model = build(architecture, **options, input_shape=shape, classes=7)
    assert model(torch.rand(2, *shape)).shape == (2, 7)


def test_width_multiplies_channels():
    with torch.device("meta"):
        whole, half = (build("vgg16", width=width, input_shape=(3, 32, 32), classes=10)
                       for width in (1.0, 0.5))
    for name, layer in half.named_modules():
        if isinstance(layer, nn.Conv2d):
            assert 2 * layer.out_channels == whole.get_submodule(name).out_channels


def test_no_channel_count_becomes_zero():
    model = build("resnet20", width=0.001, input_shape=(3, 32, 32), classes=10)
    assert {layer.out_channels for layer in model.modules() if isinstance(layer, nn.Conv2d)} == {1}


def test_plain_is_what_it_is_told():
    model = build("plain", **PLAIN, input_shape=(1, 9, 9), classes=3)
    assert [layer.out_channels for layer in model if isinstance(layer, nn.Conv2d)] == [4, 6]
    assert model.scores.in_features == 6 * 4 * 4


def test_weights_come_from_the_generator():
    def weights(seed):
        torch.manual_seed(seed)
        return build("plain", **PLAIN, input_shape=(1, 8, 8), classes=2).conv1.weight

    assert torch.equal(weights(1), weights(1)) and not torch.equal(weights(1), weights(2))


def test_too_small_images_are_refused():
    with pytest.raises(ValueError, match=r"poolings \[2, 2, 2\] leave nothing of images"):
        build("plain", channels=(1, 1, 1), pools=(2, 2, 2), input_shape=(1, 7, 7), classes=2)
