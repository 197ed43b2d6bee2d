"""What no network file can hold is refused in one line that names it and says what to do."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from algo.conversion.tracing import ExportError
from algo.export import export
from algo.neurons import Clip, TimeCoded
from hw.numbers import NumberFormat

NUMBERS = NumberFormat()
SHAPE = (2, 8, 8)


def fires(*layers):
    return lambda: nn.Sequential(*layers)


CONV, FIRE, OUT = nn.Conv2d(2, 2, 1), TimeCoded(NUMBERS), nn.Linear(128, 3)


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.fire, self.pool, self.out = CONV, FIRE, nn.MaxPool2d(2), OUT
        self.b = nn.Conv2d(2, 2, 2, stride=2)

    def forward(self, image):
        spikes = self.fire(self.a(image))
        return self.out((self.fire(self.b(spikes)) + self.pool(spikes)).flatten(1))


class Branching(nn.Module):
    def forward(self, image):
        return image if image.sum() > 0 else -image


class TwoInputs(nn.Module):
    def forward(self, image, other):
        return image + other


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fire = nn.Conv2d(2, 2, 1), TimeCoded(NUMBERS)

    def forward(self, image):
        return self.conv(self.fire(self.conv(image)))


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.gain = nn.Conv2d(2, 2, 1), nn.Parameter(torch.ones(1))

    def forward(self, image):
        return self.conv(image) + self.gain


class Body(nn.Module):
    """A conv, a neuron, a conv and a linear layer; ``body`` joins them in its own way."""

    def __init__(self, body):
        super().__init__()
        self.a, self.b, self.fire, self.out = (nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1),
                                               TimeCoded(NUMBERS), nn.Linear(128, 3))
        self.less = nn.Conv2d(2, 2, 2, stride=2)
        self.pool, self.average, self.same = nn.MaxPool2d(2), nn.AvgPool2d(2), nn.Identity()
        self.body = body

    def forward(self, image):
        return self.body(self, image, self.fire(self.a(image)))


def body(function):
    return lambda: Body(function)


REFUSED = [
    (fires(CONV, nn.ReLU()), "1: ReLU cannot be expressed; activations must be algo.neurons.TimeC"),
    (fires(CONV, nn.Sigmoid()), "1: Sigmoid cannot be expressed; activations must be"),
    (fires(CONV, Clip(), nn.Flatten(), OUT), "1: Clip cannot be expressed; activations must be"),
    (fires(CONV, nn.LayerNorm(8)), "1: LayerNorm cannot be expressed; .* use BatchNorm2d right"),
    (fires(CONV, nn.GroupNorm(1, 2)), "1: GroupNorm cannot be expressed; it depends on the image"),
    (fires(CONV, FIRE, nn.Flatten(), OUT, nn.Softmax(1)), "4: Softmax cannot be expressed; leave"),
    (fires(nn.ConvTranspose2d(2, 2, 3)), "0: ConvTranspose2d cannot be expressed; maps cannot gr"),
    (fires(nn.Conv1d(2, 2, 3)), "0: Conv1d cannot be expressed; use Conv2d"),
    (fires(nn.Bilinear(2, 2, 2)), "0: Bilinear cannot be expressed; use Conv2d, Linear, Batch"),
    (fires(CONV, nn.Flatten(), OUT), "0: a map of potentials cannot be flattened; put an algo"),
    (fires(CONV, nn.Conv2d(2, 2, 1), FIRE), "1: Conv2d must follow spikes; put an algo.neurons."
                                            "TimeCoded between 0 and 1"),
    (fires(FIRE, nn.Flatten(), OUT), "0: a neuron must follow a conv or linear layer"),
    (fires(CONV, FIRE), "the output must be the potentials of one conv or linear layer"),
    (fires(CONV, FIRE, nn.Conv2d(2, 2, 1)), "2: the output must be a map of 1x1, not 2x8x8; end"),
    (fires(nn.Conv2d(2, 2, 1, groups=2)), "0: a conv must have groups=1, not 2; use a conv over"),
    (fires(nn.Conv2d(2, 2, 3, padding="same")), "0: a conv must have zero padding given as a num"),
    (fires(nn.Conv2d(2, 2, 3, padding_mode="circular")), "0: .* not circular padding"),
    (fires(nn.Conv2d(2, 2, 3, dilation=2)), "0: a conv must have dilation=1, not 2; use a larger"),
    (fires(nn.Conv2d(2, 2, (3, 1))), r"0: kernel_size must be the same in both directions, not \("),
    (fires(nn.Conv2d(3, 2, 1)), "0: in_channels must be 2, those of input, not 3"),
    (fires(CONV, FIRE, nn.Flatten(), nn.Conv2d(2, 2, 1)), "3: a conv must have a map as its sou"),
    (fires(CONV, FIRE, nn.MaxPool2d(3, stride=2)), "2: max pooling must have stride = kernel_size"),
    (fires(nn.MaxPool2d(2), CONV), "0: max pooling must follow a neuron"),
    (fires(CONV, FIRE, nn.MaxPool2d(2), nn.MaxPool2d(2)), "3: max pooling must follow a neuron"),
    (fires(CONV, FIRE, nn.AvgPool2d(2), nn.Conv2d(2, 1, 1)),
     "3: average pooling can be folded into a linear layer only; use max pooling or a conv of str"),
    (fires(CONV, FIRE, nn.AdaptiveAvgPool2d(2)), "2: adaptive average pooling must have output s"),
    (fires(CONV, FIRE, nn.BatchNorm2d(2)), "2: batch normalisation must follow one conv or linear"),
    (fires(nn.BatchNorm2d(2), CONV), "0: batch normalisation must follow one conv or linear"),
    (fires(CONV, nn.BatchNorm2d(2, track_running_stats=False)), "1: .* must track running stat"),
    (fires(CONV, FIRE, nn.Flatten(), nn.Linear(7, 2)), "3: in_features must be 128 .*, not 7"),
    (fires(CONV, FIRE, OUT), "2: put a Flatten before a linear layer"),
    (fires(CONV, TimeCoded(NumberFormat(window=9))), r"1: window must be that of the .* \(24\)"),
    (Shared, "pool: max pooling must follow a neuron whose spikes go nowhere else"),
    (body(lambda net, image, x: net.b(net.pool(net.same(x))) + net.less(x)), "pool: max pooling"),
    (body(lambda net, image, x: net.less(net.same(x)) + net.b(net.pool(x))), "pool: max pooling"),
    (Branching, "module Branching cannot be traced by torch.fx .*; remove data-dependent control"),
    (TwoInputs, "argument other: a network has one input, the image; leave other arguments out"),
    (Twice, "conv is called more than once; give each call a module of its own"),
    (Scaled, "gain: a tensor of its own cannot be expressed; only convs and linear layers"),
    (body(lambda net, image, x: torch.relu(x)), "relu: operation relu cannot be expressed; activ"
                                                "ations must be algo.neurons.TimeCoded"),
    (body(lambda net, image, x: F.relu(net.b(x))), "relu: operation relu cannot be expressed"),
    (body(lambda net, image, x: net.b(x).relu()), "relu: operation relu cannot be expressed"),
    (body(lambda net, image, x: net.b(x).sigmoid()), "operation sigmoid .*; activations must be"),
    (body(lambda net, image, x: torch.cat([x, x], 1)), "operation cat cannot be expressed; give "
                                                       "each part a conv of its own and add"),
    (body(lambda net, image, x: x * x), "mul: operation mul .* a spike is never multiplied but by"),
    (body(lambda net, image, x: net.b(x) * 0.5), "mul: operation mul .* fold constants into"),
    (body(lambda net, image, x: net.b(x) - x), "sub: operation sub .* add instead, and negate"),
    (body(lambda net, image, x: x.view(x.size(0), -1)), "operation size .* use torch.flatten"),
    (body(lambda net, image, x: x.reshape(-1, 128)), "operation reshape .* use torch.flatten"),
    (body(lambda net, image, x: F.max_pool2d(x, 2)), "max_pool2d.* use nn.MaxPool2d"),
    (body(lambda net, image, x: x.mean((2, 3))), "operation mean .* use nn.AvgPool2d or nn.Adapt"),
    (body(lambda net, image, x: x[:, :1]), "operation getitem .* a layer sees whole maps"),
    (body(lambda net, image, x: F.conv2d(x, net.b.weight)), "must be a module|weights"),
    (body(lambda net, image, x: net.out(x.flatten())), "flatten: flatten must start at dim"),
    (body(lambda net, image, x: net.b(x) + 1), "add: an addition must have two layers as its ter"),
    (body(lambda net, image, x: torch.add(net.b(x), x, alpha=2)), "add: .* and no factor"),
    (body(lambda net, image, x: x + image), "add: the spikes of a and input cannot be added to e"),
    (body(lambda net, image, x: net.less(x) + x), "add: terms of an addition must have the same "
     r"shape, not 2x4x4 \(less\) and 2x8x8 \(a\); put a 1x1 conv on the skip path"),
    (body(lambda net, image, x: net.less(x) + net.average(x)), "add: averaged spikes of a cannot"),
    (body(lambda net, image, x: net.pool(net.b(x)) + net.less(x)), "add: b and less must be add"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_what_cannot_be_expressed_is_refused_by_name(make, message):
    with pytest.raises(ExportError, match=message) as caught:
        export(make().eval(), input_shape=SHAPE, numbers=NUMBERS)
    assert "\n" not in str(caught.value)


def test_weights_must_be_numbers():
    module = nn.Sequential(nn.Flatten(), nn.Linear(128, 3))
    nn.init.constant_(module[1].weight, float("nan"))
    with pytest.raises(ExportError, match="1: weights must be finite numbers"):
        export(module, input_shape=SHAPE)
