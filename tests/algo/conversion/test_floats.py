"""Network files as float modules again: what was exported comes back."""

import numpy as np
import pytest
import torch

from algo.coding import pixel_values
from algo.conversion.floats import with_weights_of
from algo.conversion.fold import fold_norms
from algo.conversion.tracing import ExportError
from algo.export import export
from algo.golden import infer
from algo.models import build, in_form
from algo.neurons.leaky import neurons_of
from hw.numbers import LEAK_ONE, NumberFormat

SHAPE = (2, 16, 16)
NUMBERS = NumberFormat(window=16, product_bits=20, potential_bits=32)
MODELS = {"plain": {"channels": (6, 8, 10), "pools": (1, 2, 2)}, "resnet20": {"width": 0.25}}


def float_network(architecture, form, seed):
    """Return a network in a form, its norms with statistics of their own."""
    torch.manual_seed(seed)
    model = build(architecture, **MODELS[architecture], input_shape=SHAPE, classes=5)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_var, 0.3, 2)
            torch.nn.init.normal_(module.running_mean, std=0.2)
            torch.nn.init.normal_(module.bias, std=0.2)
    for name in ("clip", form):
        model = in_form(model, name, NUMBERS, SHAPE, steps=2)
    return model.eval()


@pytest.mark.parametrize(("architecture", "form"), [("plain", "time"), ("resnet20", "time"),
                                                    ("plain", "lif")])
def test_what_was_exported_comes_back(architecture, form):
    seed = int(np.random.default_rng().integers(1 << 32))
    print(f"seed {seed}")
    model = float_network(architecture, form, seed)
    network = export(model, input_shape=SHAPE, numbers=NUMBERS, coding="bits")
    found = with_weights_of(network, float_network(architecture, form, seed + 1))
    again = export(found, input_shape=SHAPE, numbers=NUMBERS, coding="bits")
    images = np.random.default_rng(seed).integers(0, 256, (40, *SHAPE), np.uint8)
    values = pixel_values(network.exponents, NUMBERS)[torch.from_numpy(images).long()]
    with torch.no_grad():
        scores = found(values).numpy()
        assert torch.allclose(fold_norms(found)(values), found(values), atol=1e-3)
    golden = infer(network, images)
    assert (scores.argmax(1) == golden.predictions).mean() >= 0.9
    scale = golden.scores.std() / scores.std()
    assert np.abs(scores * scale - golden.scores).max() < 0.1 * golden.scores.std()
    assert (infer(again, images).predictions == golden.predictions).mean() >= 0.9


def test_layers_that_do_not_fit_are_named():
    network = export(float_network("plain", "time", 3), input_shape=SHAPE, numbers=NUMBERS)
    network = type(network)(**{**network.__dict__, "name": "small"})
    other = build("plain", channels=(6, 8), pools=(1, 2), input_shape=SHAPE, classes=5)
    other = in_form(in_form(other, "clip", NUMBERS, SHAPE), "time", NUMBERS, SHAPE)
    with pytest.raises(ExportError, match=r"^small must have the 3 layers of the model, not 4$"):
        with_weights_of(network, other)
    other = build("plain", channels=(6, 8, 12), pools=(1, 2, 2), input_shape=SHAPE, classes=5)
    other = in_form(in_form(other, "clip", NUMBERS, SHAPE), "time", NUMBERS, SHAPE)
    with pytest.raises(ExportError, match=r"^conv3: its weights must be \[12, 8, 3, 3\] as those "
                                          r"of the model, not \[10, 8, 3, 3\]$"):
        with_weights_of(network, other)


@torch.no_grad()
def test_leaky_neurons_come_back_in_proportion_to_their_weights():
    model = float_network("plain", "lif", 5)
    for index, neurons in enumerate(neurons_of(model).values()):
        torch.nn.init.constant_(neurons.threshold, 0.2 + 0.3 * index)
        torch.nn.init.constant_(neurons.leak, 0.6 + 0.1 * index)
    network = export(model, input_shape=SHAPE, numbers=NUMBERS, coding="bits")
    found = with_weights_of(network, float_network("plain", "lif", 6))
    before, after = ({name: (neurons.threshold / layer.weight.abs().max(), neurons.leak)
                      for (name, neurons), layer in zip(neurons_of(each).items(), _convs(each),
                                                        strict=True)}
                     for each in (fold_norms(model), fold_norms(found)))
    for name, (threshold, leak) in before.items():
        # A largest weight is rounded by 2^(1/4) at most.
        assert 2 ** -0.26 < float(after[name][0] / threshold) < 2 ** 0.26
        assert abs(float(after[name][1] - leak)) <= 0.5 / LEAK_ONE + 1e-6


def _convs(model):
    return [module for module in model.modules() if isinstance(module, torch.nn.Conv2d)]
