from dataclasses import replace

import numpy as np
import pytest

from algo.coding import input_table
from cosim.fitting import TRIED, fitting_configuration
from hw.compiler import CompileError, compile_network
from hw.config import CONFIGURATIONS, ConfigurationError, load_configuration
from hw.network import Layer, Network, Shape, Synapses
from hw.numbers import NumberFormat


def flat(inputs: tuple[int, int, int]) -> Network:
    """Return one linear layer on an image."""
    numbers = NumberFormat()
    weight = np.ones((2, int(np.prod(inputs))), np.int8)
    scores = Layer(name="scores", bias=np.zeros(2, np.int32), synapses=(
        Synapses(source="input", kind="linear", weight=weight),))
    return Network(name="flat", numbers=replace(numbers, potential_bits=32), layers=(scores,),
                   input_shape=Shape(*inputs), exponents=input_table("time", numbers))


@pytest.mark.parametrize(("inputs", "name"), [((1, 8, 8), "demo"), ((1, 32, 32), "compact"),
                                              ((1, 80, 80), "vgg")])
def test_the_smallest_that_fits(inputs, name):
    network = flat(inputs)
    assert fitting_configuration(network, "auto") == load_configuration(name, network.numbers)
    for smaller in TRIED[:TRIED.index(name)]:
        with pytest.raises(CompileError):
            compile_network(network, load_configuration(smaller, network.numbers))


@pytest.mark.parametrize(("channels", "name"), [(64, "demo"), (380, "compact"), (900, "vgg"),
                                                (2400, "vgg")])
def test_the_smallest_that_holds_all_weights(channels, name):
    """Of a hidden layer, 16 inputs wide: smaller ones could stream them, and none is streamed to
    `compact`; 2,400 channels have more weights than any holds.
    """
    hidden = Layer(name="hidden", bias=np.zeros(channels, np.int32),
                   threshold_step=np.zeros(channels, np.int16), synapses=(Synapses(
                       source="input", kind="linear",
                       weight=np.ones((channels, 16), np.int8)),))
    network = flat((1, 4, 4))
    scores = replace(network.layers[0], synapses=(Synapses(
        source="hidden", kind="linear", weight=np.ones((channels, channels), np.int8)),),
        bias=np.zeros(channels, np.int32))
    network = replace(network, layers=(hidden, scores))
    chosen = fitting_configuration(network, "auto")
    assert chosen.name == name
    assert (not compile_network(network, chosen).slices) == (channels < 2400)


def test_what_fits_none_is_refused_as_by_the_largest():
    network = flat((1, 200, 200))
    with pytest.raises(CompileError) as largest:
        compile_network(network, load_configuration(TRIED[-1], network.numbers))
    with pytest.raises(CompileError) as refusal:
        fitting_configuration(network, "auto")
    assert str(refusal.value) == str(largest.value)


def test_a_name_is_taken_as_it_is():
    network = flat((1, 32, 32))
    assert fitting_configuration(network, "tiny").lanes == CONFIGURATIONS["tiny"].lanes
    with pytest.raises(ConfigurationError):
        fitting_configuration(network, "huge")
