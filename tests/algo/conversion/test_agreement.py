"""From ReLU to integers: the network file computes what the float network with log weights does."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from algo.coding import input_table, pixel_values
from algo.conversion.fold import fold_norms
from algo.conversion.log_layers import LogConv2d, LogLinear
from algo.conversion.quantise import to_log_form
from algo.export import export
from algo.golden import infer
from algo.neurons import TimeCoded
from hw.numbers import NumberFormat

# Fine products: what they truncate moves almost no spike.
FINE = NumberFormat(product_bits=20, potential_bits=32)
SHAPE = (2, 8, 8)


class Residual(nn.Module):
    """A stem, one block with any skip path, pooling and a linear layer, all made by functions."""

    def __init__(self, skip, *, stride=1, out=6, head=None):
        super().__init__()
        self.stem, self.norm, self.fire = (nn.Conv2d(2, 6, 3, padding=1, bias=False),
                                           nn.BatchNorm2d(6), TimeCoded(FINE))
        self.conv1, self.norm1, self.fire1 = (nn.Conv2d(6, 6, 3, padding=1, stride=stride),
                                              nn.BatchNorm2d(6), TimeCoded(FINE))
        self.conv2, self.norm2, self.fire2 = (nn.Conv2d(6, out, 3, padding=1), nn.BatchNorm2d(out),
                                              TimeCoded(FINE))
        self.skip = skip
        side = 8 // stride
        self.head = head or nn.Sequential(nn.Flatten(), nn.Linear(out * side * side, 5))

    def forward(self, image):
        x = self.fire(self.norm(self.stem(image)))
        inside = self.fire1(self.norm1(self.conv1(x)))
        return self.head(self.fire2(self.norm2(self.conv2(inside)) + self.skip(x)))


def option_a(fan_in, out):
    """Every second position, and channels of zeros."""
    conv = nn.Conv2d(fan_in, out, 1, stride=2, bias=False).requires_grad_(False)
    conv.weight.zero_()
    first = (out - fan_in) // 2
    conv.weight[first:first + fan_in, :, 0, 0] = torch.eye(fan_in)
    return conv


class Image(nn.Module):
    """The image itself skips a conv, and the spikes of a linear layer another one."""

    def __init__(self):
        super().__init__()
        self.conv, self.fire1 = nn.Conv2d(2, 2, 3, padding=1), TimeCoded(FINE)
        self.wide, self.fire2 = nn.Linear(128, 9), TimeCoded(FINE)
        self.deep, self.fire3 = nn.Linear(9, 9), TimeCoded(FINE)
        self.scores = nn.Linear(9, 4)

    def forward(self, image):
        x = self.fire1(image + self.conv(image))
        x = self.fire2(self.wide(torch.flatten(x, 1)))
        return self.scores(self.fire3(self.deep(x) + x))


def identity():
    return Residual(nn.Identity())


def shortened():
    return Residual(option_a(6, 10), stride=2, out=10)


def projected():
    return Residual(nn.Sequential(nn.Conv2d(6, 10, 1, stride=2, bias=False), nn.BatchNorm2d(10)),
                    stride=2, out=10)


def averaged():
    return Residual(nn.Identity(), head=nn.Sequential(nn.AvgPool2d(8), nn.Flatten(),
                                                      nn.Linear(6, 5)))


def averaged_by_nine():
    return Residual(nn.Identity(), head=nn.Sequential(nn.AvgPool2d(3), nn.Flatten(),
                                                      nn.Linear(24, 5)))


def averaged_inside():
    return Residual(nn.Identity(), head=nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 12), TimeCoded(FINE),
        nn.Linear(12, 5)))


def plain():
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), TimeCoded(FINE),
        nn.Conv2d(6, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.MaxPool2d(2),
        TimeCoded(FINE), nn.Flatten(), nn.Linear(128, 16, bias=False), nn.BatchNorm1d(16),
        TimeCoded(FINE), nn.Linear(16, 5))


MAKERS = [identity, shortened, projected, averaged, averaged_by_nine, averaged_inside, plain, Image]


def drawn(make, seed, numbers=FINE):
    """Return ``make()`` with random weights and statistics, in evaluation."""
    print(f"seed {seed}")
    torch.manual_seed(seed)
    module = make()
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.running_mean.uniform_(-0.2, 0.2)
            part.running_var.uniform_(0.05, 0.6)
            nn.init.uniform_(part.weight, 0.3, 1.2)
            nn.init.uniform_(part.bias, -0.1, 0.3)
        if isinstance(part, TimeCoded):
            part.numbers = numbers
    return module.eval()


def both(module, network, count=40):
    """Return scores [N, classes] of the float module and of the network."""
    images = np.random.default_rng(7).integers(0, 256, (count, *SHAPE)).astype(np.uint8)
    worth = pixel_values(network.exponents, network.numbers)
    with torch.no_grad():
        scores = module(worth[torch.from_numpy(images).long()]).double().numpy()
    return scores, infer(network, images).scores


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("seed", [1, 2])
def test_integers_are_the_float_network(make, seed):
    logarithmic = to_log_form(fold_norms(drawn(make, seed)), SHAPE, FINE)
    network = export(logarithmic, input_shape=SHAPE, coding="greedy2")
    expected, scores = both(logarithmic, network)
    gain = (expected * scores).sum() / (scores.astype(float) ** 2).sum()      # the shared scale
    error = np.abs(scores * gain - expected).max(1)
    assert np.median(error) < 1e-3 * np.abs(expected).max()         # a spike that moves is rare
    assert (scores.argmax(1) == expected.argmax(1)).mean() >= 0.975


@pytest.mark.parametrize("make", MAKERS)
def test_codes_of_training_are_those_of_the_file(make):
    logarithmic = to_log_form(fold_norms(drawn(make, 3)), SHAPE, FINE)
    network = export(logarithmic, input_shape=SHAPE)
    stored = [group for layer in network.layers for group in layer.synapses]
    for name, part in logarithmic.named_modules():
        if isinstance(part, LogConv2d):
            group, = (group for group in stored if group.weight.shape == part.weight.shape
                      and np.array_equal(group.weight, part.codes().numpy()))
            assert group.offset == int(part.offset), name
    last = [part for part in logarithmic.modules() if isinstance(part, LogLinear)][-1]
    codes = network.layers[-1].synapses[0].weight
    assert set(np.unique(codes)) - {0} == set(last.codes().unique().tolist()) - {0}
    assert len(stored) >= sum(isinstance(part, LogConv2d | LogLinear)
                              for part in logarithmic.modules())


@pytest.mark.parametrize("make", [identity, shortened, Image])
@pytest.mark.parametrize("numbers", [
    NumberFormat(), NumberFormat(weight_bits=3), NumberFormat(weight_bits=2),
    NumberFormat(steps_per_octave=2, weight_steps_per_octave=2, window=8, weight_bits=4)])
def test_an_identity_is_worth_exactly_one(make, numbers):
    """Alone, the skip path repeats its spikes: code q+1 at a threshold that is as much lower."""
    logarithmic = to_log_form(fold_norms(drawn(make, 4, numbers)), SHAPE, numbers)
    network = export(logarithmic, input_shape=SHAPE)
    layer = next(layer for layer in network.layers if layer.name in ("conv2", "deep"))
    skip = layer.synapses[1]
    assert skip.source != "input" and skip.offset == 0
    for weight, step in zip(skip.weight.reshape(layer.channels, -1), layer.threshold_step,
                            strict=True):
        if weight.any():
            code, = weight[weight != 0]
            lower = numbers.product_bits * numbers.steps_per_octave - step
            assert 0 < code <= numbers.largest_code
            assert (code - 1) * numbers.weight_stride == lower


def test_offset_gives_the_other_group_its_range():
    """Codes of a conv a hundred times smaller than the identity still use all of their range."""
    module = drawn(identity, 5)
    with torch.no_grad():
        module.norm2.weight.mul_(0.01)
    logarithmic = to_log_form(fold_norms(module), SHAPE, FINE)
    network = export(logarithmic, input_shape=SHAPE)
    conv, skip = network.layers[2].synapses
    assert conv.offset > 4 * FINE.steps_per_octave and skip.offset == 0
    assert np.abs(conv.weight)[conv.weight != 0].min() <= 2
    assert np.median(np.abs(conv.weight)) < 9
    weight = fold_norms(module).conv2.weight
    error = (logarithmic.conv2.quantised()[0] - weight).square().sum() / weight.square().sum()
    assert error < 0.02


def test_a_power_of_two_average_keeps_the_codes_and_any_other_of_the_output_too():
    for make in (averaged, averaged_by_nine):
        logarithmic = to_log_form(fold_norms(drawn(make, 6)), SHAPE, FINE)
        codes = logarithmic.head[-1].codes().numpy()
        stored = export(logarithmic, input_shape=SHAPE).layers[-1].synapses[0].weight
        side = 8 if make is averaged else 3
        spread = codes.reshape(5, 6, *(8 // side,) * 2).repeat(side, 2).repeat(side, 3)
        spread = np.pad(spread, ((0, 0), (0, 0), (0, 8 % side), (0, 8 % side)))
        assert np.array_equal(stored, spread.reshape(5, -1))


def test_norms_fold_wherever_they_are():
    module = drawn(projected, 8)
    before = deepcopy(module.state_dict())
    folded = fold_norms(module)
    names = [name for name, _ in module.named_modules()]
    assert [name for name, _ in folded.named_modules()] == names
    assert not any(isinstance(part, nn.BatchNorm2d) for part in folded.modules())
    assert all(torch.equal(before[key], tensor) for key, tensor in module.state_dict().items())
    for part in (*module.modules(), *folded.modules()):         # no thresholds, no jumps
        if isinstance(part, Residual):
            part.fire = part.fire1 = part.fire2 = nn.ReLU()
    values = torch.rand(3, *SHAPE)
    assert torch.allclose(folded(values), module(values), atol=1e-4)


def test_trained_log_form_survives_a_state_dict():
    first = to_log_form(fold_norms(drawn(projected, 9)), SHAPE, FINE)
    other = to_log_form(fold_norms(drawn(projected, 10)), SHAPE, FINE)
    other.load_state_dict(first.state_dict())
    values = torch.rand(3, *SHAPE)
    assert torch.equal(first(values), other(values))
    assert {key.rpartition(".")[2] for key in first.state_dict()} == {
        "weight", "bias", "scale_step", "offset"}


def test_presets_of_pixels_are_in_the_file():
    logarithmic = to_log_form(fold_norms(drawn(Image, 11)), SHAPE, FINE)
    for coding in ("time", "bits", "greedy3"):
        network = export(logarithmic, input_shape=SHAPE, coding=coding)
        assert np.array_equal(network.exponents, input_table(coding, FINE))
        expected, scores = both(logarithmic, network)
        assert (scores.argmax(1) == expected.argmax(1)).mean() >= 0.95
