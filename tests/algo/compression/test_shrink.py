"""Smaller networks compute the same."""

import pytest
import torch
from torch import nn

from algo.compression.channels import channels_of
from algo.compression.masks import Masks
from algo.compression.rewiring import first_wiring
from algo.compression.settings import Compression
from algo.compression.shrink import shrink
from algo.export import export
from algo.golden import infer
from algo.models import FORMS, build, in_form
from hw.numbers import NumberFormat

SHAPE, NUMBERS = (3, 16, 16), NumberFormat(window=16, product_bits=16)
NETWORKS = {"plain": {"channels": (6, 9, 12), "pools": (2, 1, 2)}, "resnet20": {"width": 0.4}}
SETTINGS = Compression(method="magnitude", structure="channel", density=0.3)


def sparse(architecture, settings=SETTINGS):
    torch.manual_seed(5)
    model = build(architecture, **NETWORKS[architecture], input_shape=SHAPE, classes=4)
    for _ in range(9):                              # statistics that are not those of a new one
        model(torch.rand(16, *SHAPE))
    masks = Masks(model, by_channel=True)
    masks.keep(first_wiring(settings, model))
    masks.apply(model)
    return model.eval(), masks


@pytest.mark.parametrize("architecture", NETWORKS)
def test_scores_are_equal_in_every_form(architecture):
    model, masks = sparse(architecture)
    images = torch.rand(8, *SHAPE)
    for form in FORMS:
        model = in_form(model, form, NUMBERS, SHAPE)
        before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
        small = shrink(model, masks.tensors)
        assert torch.allclose(small(images), model(images), rtol=1e-4, atol=1e-5), form
        weights = [sum(layer.weight.numel() for layer in network.modules()
                       if isinstance(layer, nn.Conv2d | nn.Linear)) for network in (model, small)]
        assert weights[1] / weights[0] == masks.density < 0.3
        assert all(torch.equal(tensor, before[key]) for key, tensor in model.state_dict().items())
    large, less = (export(part, input_shape=SHAPE, numbers=NUMBERS) for part in (model, small))
    pixels = (255 * images).byte().numpy()
    found = [infer(network, pixels).predictions for network in (large, less)]
    assert (found[0] == found[1]).all()
    sizes = [sum(group.weight.size for layer in network.layers for group in layer.synapses)
             for network in (large, less)]
    if architecture == "plain":                     # without identity skip paths
        assert sizes == weights
    assert sizes[1] < 0.35 * sizes[0]


def test_layers_say_their_sizes():
    model, masks = sparse("plain")
    small = shrink(model, masks.tensors)
    for one, layer in small.named_modules():
        if isinstance(layer, nn.Conv2d):
            assert layer.weight.shape[:2] == (layer.out_channels, layer.in_channels), one
        if isinstance(layer, nn.Linear):
            assert layer.weight.shape == (layer.out_features, layer.in_features)
        if isinstance(layer, nn.BatchNorm2d):
            assert layer.weight.shape == layer.running_mean.shape == (layer.num_features,)


def test_dense_layers_keep_their_channels():
    model, masks = sparse("plain", Compression(method="magnitude", structure="channel",
                                               density=0.3, dense=("first",)))
    assert shrink(model, masks.tensors).conv1.weight.shape == model.conv1.weight.shape


def test_without_masks_nothing_shrinks():
    model, _ = sparse("resnet20")
    assert channels_of(shrink(model, {})).sizes == channels_of(model).sizes
