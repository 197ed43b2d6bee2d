"""Export of any module: the network computes what the module computes, or is refused by name."""

import numpy as np
import pytest
import torch
from torch import nn

from algo.coding import input_table, pixel_values
from algo.conversion.codes import decode, encode
from algo.conversion.quantise import to_log_layer
from algo.export import ExportError, export
from algo.golden import infer
from algo.neurons import TimeCoded
from hw.network import NetworkError
from hw.numbers import NumberFormat

# Fine products: truncation is small against the steps of the weights.
NUMBERS = NumberFormat(product_bits=18, potential_bits=32)
SHAPE = (2, 8, 8)


def seeded(make):
    """Return ``make()`` with random weights and batch statistics, weights already on codes."""
    torch.manual_seed(3)
    module = make()
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.uniform_(-0.2, 0.2)
            part.running_var.uniform_(0.2, 0.5)
            nn.init.uniform_(part.bias, -0.1, 0.3)
    return module.eval()


def on_codes(module, numbers=NUMBERS):
    """Round the weights of convs and linear layers to codes, so that export changes nothing."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            steps = torch.full((len(part.weight),), 6)
            with torch.no_grad():
                part.weight.copy_(decode(encode(part.weight, steps, numbers), steps, numbers))
    return module


def images(count=20, shape=SHAPE):
    return np.random.default_rng(5).integers(0, 256, (count, *shape)).astype(np.uint8)


def assert_computes(network, module, *, atol=0.02, count=20):
    """Scores of network and module are equal up to products that were truncated."""
    pictures = images(count, tuple(network.input_shape))
    worth = pixel_values(network.exponents, network.numbers)
    with torch.no_grad():
        expected = module(worth[torch.from_numpy(pictures).long()]).numpy()
    scores = infer(network, pictures).scores
    layer = network.layers[-1]
    gain = (expected * scores).sum() / (scores.astype(float) ** 2).sum()     # the shared scale
    assert np.abs(scores * gain - expected).max() < atol * np.abs(expected).max(), layer.name
    assert (scores.argmax(1) == expected.argmax(1)).mean() >= 0.95


def plain():
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1), nn.BatchNorm2d(6), TimeCoded(NUMBERS), nn.MaxPool2d(2),
        nn.Dropout(), nn.Conv2d(6, 8, 3, stride=2), TimeCoded(NUMBERS), nn.Identity(),
        nn.Flatten(), nn.Linear(8, 5))


def pool_first():
    return nn.Sequential(nn.Conv2d(2, 6, 5), nn.MaxPool2d(3), TimeCoded(NUMBERS), nn.Flatten(),
                         nn.Linear(6, 4))


def averaging():
    return nn.Sequential(nn.Conv2d(2, 6, 3), TimeCoded(NUMBERS), nn.AvgPool2d(4), nn.Flatten(),
                         nn.Linear(6, 4))


def global_averaging():
    return nn.Sequential(nn.Conv2d(2, 6, 3), TimeCoded(NUMBERS), nn.AdaptiveAvgPool2d(1),
                         nn.Flatten(), nn.Linear(6, 4))


def perceptron():
    return nn.Sequential(nn.Flatten(), nn.Linear(128, 20), TimeCoded(NUMBERS), nn.Linear(20, 6))


def conv_output():
    return nn.Sequential(nn.Conv2d(2, 6, 3), TimeCoded(NUMBERS), nn.Conv2d(6, 5, 6), nn.Flatten())


class Residual(nn.Module):
    """Two branches with a batch normalisation each, added before firing."""

    def __init__(self):
        super().__init__()
        self.first, self.fire1 = nn.Conv2d(2, 6, 3, padding=1), TimeCoded(NUMBERS)
        self.long = nn.Conv2d(6, 7, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(7)
        self.skip, self.skip_norm = nn.Conv2d(2, 7, 1, stride=2), nn.BatchNorm2d(7)
        self.fire2, self.scores = TimeCoded(NUMBERS), nn.Linear(7 * 16, 4)

    def forward(self, image):
        hidden = self.norm(self.long(self.fire1(self.first(image))))
        hidden = self.fire2(hidden + self.skip_norm(self.skip(image)))
        return self.scores(torch.flatten(hidden, 1))


@pytest.mark.parametrize("make", [pool_first, perceptron, conv_output])
def test_network_computes_the_module(make):
    module = on_codes(seeded(make))
    assert_computes(export(module, input_shape=SHAPE), module)


@pytest.mark.parametrize("make", [plain, averaging, global_averaging, Residual])
def test_network_computes_the_module_up_to_rounded_weights(make):
    """Folding moves weights off the codes: fine codes make the difference small."""
    fine = NumberFormat(steps_per_octave=16, weight_steps_per_octave=16, weight_bits=8, window=96,
                        product_bits=18, potential_bits=32)
    module = seeded(make)
    for part in module.modules():
        if isinstance(part, TimeCoded):
            part.numbers = fine
    network = export(module, input_shape=SHAPE)
    assert network.numbers == fine
    assert_computes(network, module, atol=0.1)


def test_log_layers_keep_their_codes_and_scales():
    module = seeded(plain)
    module = nn.Sequential(*(
        to_log_layer(part, NUMBERS, shared=isinstance(part, nn.Linear))
        if isinstance(part, nn.Conv2d | nn.Linear) else part
        for part in module if not isinstance(part, nn.BatchNorm2d))).eval()
    network = export(module, input_shape=SHAPE)
    for layer, part in zip(network.layers, (module[0], module[4], module[8]), strict=True):
        assert np.array_equal(layer.synapses[0].weight, part.codes().numpy())
    for layer, part in zip(network.layers[:-1], (module[0], module[4]), strict=True):
        assert (layer.threshold_step == 18 * 4 + part.scale_step.numpy()).all()
    assert_computes(network, module)


def test_layers_are_named_after_modules():
    network = export(on_codes(seeded(Residual)), input_shape=SHAPE, name="residual",
                     classes=("a", "b", "c", "d"), provenance={"from": "a test"})
    assert [layer.name for layer in network.layers] == ["first", "long", "scores"]
    assert [group.source for group in network.layers[1].synapses] == ["first", "input"]
    assert network.name == "residual" and network.classes == ("a", "b", "c", "d")
    assert network.provenance == {"from": "a test"}


def test_scale_of_a_channel_becomes_its_threshold_step():
    """Weights of half the size lie τ threshold steps higher and have the same codes."""
    module = on_codes(seeded(pool_first))
    first = export(module, input_shape=SHAPE).layers[0]
    with torch.no_grad():
        module[0].weight[2] /= 2
        module[0].bias[2] /= 2
    second = export(module, input_shape=SHAPE).layers[0]
    assert (second.threshold_step - first.threshold_step).tolist() == [0, 0, 4, 0, 0, 0]
    assert np.array_equal(first.synapses[0].weight, second.synapses[0].weight)
    assert np.array_equal(first.bias, second.bias)


def test_custom_input_table():
    table = input_table("bits", NUMBERS)
    module = on_codes(seeded(perceptron))
    network = export(module, input_shape=SHAPE, coding=table)
    assert network.coding == "custom" and np.array_equal(network.exponents, table)
    assert_computes(network, module)


def test_overflow_is_refused_with_layer_and_channel():
    numbers = NumberFormat(product_bits=10, potential_bits=12)
    module = nn.Sequential(nn.Flatten(), nn.Linear(128, 3))
    with pytest.raises(NetworkError, match=r"layer 1: channel \d may reach a potential of"):
        export(module, input_shape=SHAPE, numbers=numbers)


def test_huge_bias_is_refused():
    module = nn.Sequential(nn.Flatten(), nn.Linear(128, 3))
    nn.init.constant_(module[1].bias, 1e6)
    nn.init.constant_(module[1].weight, 0.0)
    network = export(module, input_shape=SHAPE)
    assert network.layers[0].bias.max() > 1000                      # the scale follows the bias
    module[1].numbers = NUMBERS
    logarithmic = to_log_layer(module[1], NumberFormat(), shared=True)
    logarithmic.scale_step.fill_(0)
    with pytest.raises(ExportError, match=r"1: its bias of 1e\+06 is too large"):
        export(nn.Sequential(nn.Flatten(), logarithmic), input_shape=SHAPE, numbers=NumberFormat())
