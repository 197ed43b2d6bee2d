"""Networks of leaky neurons: structure, steps in the batch, and what is refused."""

import re

import pytest
import torch
from torch import nn

from algo.conversion.leaky import layers_of_neurons, to_leaky
from algo.conversion.tracing import ExportError
from algo.models import ARCHITECTURES, build
from algo.neurons import Leaky
from algo.neurons.leaky import neurons_of

PLAIN = {"channels": (4, 6), "pools": (1, 2)}


def network(architecture="plain"):
    torch.manual_seed(0)
    options = PLAIN if architecture == "plain" else {"width": 0.1}
    shape = (1, 8, 8) if architecture == "plain" else (3, 32, 32)
    model = build(architecture, **options, input_shape=shape, classes=3)
    model(torch.rand(8, *shape))                    # statistics that are not those of a new network
    return model.eval(), torch.rand(3, *shape)


def lowered(model, threshold=0.3, leak=0.7):
    for neurons in neurons_of(model).values():
        nn.init.constant_(neurons.threshold, threshold)
        nn.init.constant_(neurons.leak, leak)
    return model


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_becomes_leaky(architecture):
    model, images = network(architecture)
    leaky = lowered(to_leaky(model, 3))
    kinds = {type(module) for module in leaky.modules()}
    assert Leaky in kinds and nn.ReLU not in kinds and nn.MaxPool2d not in kinds
    assert [neurons.is_first for neurons in neurons_of(leaky).values()].count(True) == 1
    scores = leaky(images)
    assert scores.shape == (3, 3) and scores.isfinite().all()
    assert any(type(module) is nn.ReLU for module in model.modules())
    assert model.state_dict().keys() <= leaky.state_dict().keys()


def test_steps_in_the_batch_are_steps_after_each_other():
    """The same network, one step at a time, with potentials kept by hand."""
    model, images = network()
    leaky = lowered(to_leaky(model, 4))
    kept, total = [0, 0], 0
    for _ in range(4):
        x = images
        for index, pool in enumerate((1, 2)):
            conv, norm = model[3 * index], model[3 * index + 1]
            potential = 0.7 * kept[index] + norm(conv(x))
            spikes = (potential >= 0.3).float()
            kept[index] = potential - 0.3 * spikes
            x = nn.functional.max_pool2d(spikes, pool)
        total = total + model.scores(x.flatten(1))
    assert torch.allclose(leaky(images), total, atol=1e-5)


def test_one_step_is_a_threshold():
    model, images = network()
    scores = lowered(to_leaky(model, 1))(images)
    x = model.pool2(model.norm2(model.conv2((model.norm1(model.conv1(images)) >= 0.3).float())))
    assert torch.allclose(scores, model.scores((x >= 0.3).float().flatten(1)), atol=1e-6)


def test_fewer_steps_keep_thresholds_and_leaks():
    model, images = network()
    five = lowered(to_leaky(model, 5))
    one = to_leaky(five, 1)
    assert {neurons.steps for neurons in neurons_of(one).values()} == {1}
    assert {neurons.steps for neurons in neurons_of(five).values()} == {5}
    assert all(torch.equal(one.state_dict()[key], tensor)
               for key, tensor in five.state_dict().items())
    assert one(images).shape == (3, 3)              # summed over the steps once, not twice
    assert torch.equal(to_leaky(one, 5)(images), five(images))


def test_pooling_before_neurons_becomes_theirs():
    leaky = to_leaky(network()[0], 2)
    assert (leaky.fire1.pool, leaky.fire2.pool) == (1, 2) and type(leaky.pool2) is nn.Identity


def test_layers_have_the_names_of_network_files():
    plain, residual = (to_leaky(network(name)[0], 1) for name in ("plain", "resnet20"))
    assert layers_of_neurons(plain) == {"fire1": "conv1", "fire2": "conv2"}
    found = layers_of_neurons(residual)
    assert found["fire"] == "conv" and found["block2_1.fire2"] == "block2_1.conv2"
    assert len(set(found.values())) == len(found) == 19


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1)
        self.fire, self.out = nn.ReLU(), nn.Conv2d(1, 3, 8)

    def forward(self, image):
        return self.out(self.fire(self.conv2(self.fire(self.conv1(image)))))


class ImageSkips(Twice):
    def __init__(self):
        super().__init__()
        self.fire2 = nn.ReLU()

    def forward(self, image):
        return self.out(self.fire2(self.conv2(self.fire(self.conv1(image))) + image))


class PoolBranches(Twice):
    def __init__(self):
        super().__init__()
        self.pool, self.out = nn.MaxPool2d(2), nn.Conv2d(1, 3, 4)

    def forward(self, image):
        pooled = self.pool(self.conv1(image))
        return self.out(self.fire(pooled) + pooled)


@pytest.mark.parametrize(("model", "message"), [
    (Twice(), "fire is called more than once; give each call a module of its own"),
    (ImageSkips(), "add: the image and spikes cannot be added up by the same leaky neurons; put "
                   "neurons between them"),
    (nn.Sequential(nn.Flatten(), nn.Linear(64, 3)),
     "a network of leaky neurons must have at least one activation (nn.ReLU)"),
    (nn.Sequential(nn.Conv2d(1, 1, 1), nn.MaxPool2d(3, 2), nn.ReLU(), nn.Conv2d(1, 3, 3)),
     "1: max pooling must have stride = kernel_size, no padding, no dilation, no ceil_mode")])
def test_what_cannot_be_done_step_by_step_is_refused(model, message):
    with pytest.raises(ExportError, match=f"^{re.escape(message)}$"):
        to_leaky(model, 2)


def test_pooled_sums_that_go_elsewhere_are_refused():
    with pytest.raises(ExportError):
        to_leaky(PoolBranches(), 2)
