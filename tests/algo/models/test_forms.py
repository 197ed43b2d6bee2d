"""Forms: every architecture goes through all of them, and weights carry over."""

import pytest
import torch
from torch import nn

from algo.compression.masks import Masks
from algo.conversion.log_layers import LogConv2d, LogLinear
from algo.models import (
    ARCHITECTURES,
    FORMS,
    LEAKY_FORMS,
    SPIKING,
    build,
    forms_up_to,
    in_form,
)
from algo.neurons import Clip, TimeCoded
from hw.numbers import NumberFormat

SHAPE, NUMBERS = (3, 32, 32), NumberFormat(window=16)


def network(architecture, seed=3):
    torch.manual_seed(seed)
    options = ({"channels": (4, 6), "pools": (2, 2)} if architecture == "plain"
               else {"width": 0.04})
    model = build(architecture, **options, input_shape=SHAPE, classes=10)
    model(torch.rand(8, *SHAPE))                    # statistics that are not those of a new network
    return model.eval()


def kinds(model):
    return {type(module) for module in model.modules()}


def test_forms_come_in_this_order():
    assert FORMS == ("relu", "clip", "time", "log")
    assert LEAKY_FORMS == ("relu", "clip", "lif", "lif-log")
    assert SPIKING == ("time", "log", "lif", "lif-log")
    assert forms_up_to("lif") == ("relu", "clip", "lif") and forms_up_to("clip") == FORMS[:2]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_goes_through_all_forms(architecture):
    model, images = network(architecture), torch.rand(4, *SHAPE)
    for form in FORMS:
        model = in_form(model, form, NUMBERS, SHAPE)
        scores = model(images)
        assert scores.shape == (4, 10) and scores.isfinite().all(), form
    found = kinds(model)
    assert not found & {nn.ReLU, Clip, nn.BatchNorm2d} and found >= {TimeCoded, LogConv2d,
                                                                     LogLinear}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_masks_of_the_first_form_fit_the_last(architecture):
    model = network(architecture)
    masks = Masks(model)
    masks.prune(model, 0.25, "global")
    for form in FORMS:
        model = in_form(model, form, NUMBERS, SHAPE)
        masks.apply(model)
    gone = {name for name, mask in masks.tensors.items() if not mask.all()}
    assert gone and masks.tensors.keys() == Masks(model).tensors.keys()
    for name in gone:
        codes = model.get_submodule(name).codes()
        assert not codes[masks.tensors[name] == 0].any(), name


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_state_does_not_depend_on_weights(architecture):
    """A checkpoint's tensors fit a model that was made anew from other weights."""
    trained, other = (in_form(in_form(network(architecture, seed), "time", NUMBERS, SHAPE),
                              "log", NUMBERS, SHAPE) for seed in (1, 2))
    other.load_state_dict(trained.state_dict())
    images = torch.rand(2, *SHAPE)
    assert torch.equal(other(images), trained(images))


def test_clip_is_relu_below_one():
    model, images = network("resnet20"), torch.rand(4, *SHAPE)
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.weight.fill_(1e-3)
    assert torch.equal(model(images), in_form(model, "clip", NUMBERS, SHAPE)(images))


def test_the_model_itself_stays_as_it_was():
    model = network("plain")
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    for form in ("clip", "time"):
        in_form(model, form, NUMBERS, SHAPE)
    assert nn.ReLU in kinds(model)
    assert all(torch.equal(tensor, before[key]) for key, tensor in model.state_dict().items())


def test_a_window_may_change():
    model = in_form(network("plain"), "time", NUMBERS, SHAPE)
    smaller = NumberFormat(window=5, steps_per_octave=1, weight_steps_per_octave=1)
    found = [module.numbers for module in in_form(model, "time", smaller, SHAPE).modules()
             if isinstance(module, TimeCoded)]
    assert found == [smaller] * 2
    assert {module.numbers for module in model.modules() if isinstance(module, TimeCoded)} == {
        NUMBERS}


def test_training_mode_carries_over():
    for mode in (True, False):
        for form in ("clip", "time"):
            model = in_form(network("plain").train(mode), form, NUMBERS, SHAPE)
            assert {module.training for module in model.modules()} == {mode}, form
