"""Graphs of other programs as integers: near to the graph, and to p/255."""

import nir
import numpy as np
import pytest
import torch

from algo.golden import infer
from algo.interchange import read_nir, to_network
from algo.neurons.leaky import neurons_of
from hw.network import NetworkError
from hw.numbers import NumberFormat
from tests.algo.interchange.graphs import chain, convolutional, lif, perceptron
from tests.algo.interchange.simulator import simulate
from tests.algo.interchange.test_reading import pool

IMAGES = np.random.default_rng(2).integers(0, 256, (60, 12, 1, 1), dtype=np.uint8)
FINE = NumberFormat(weight_bits=8, steps_per_octave=8, weight_steps_per_octave=8, product_bits=18,
                    potential_bits=32)


@pytest.mark.parametrize("coding", ["bits", "greedy3"])
def test_integers_are_near_to_the_graph(coding):
    graph, steps = perceptron(4), 8
    network = to_network(read_nir(graph, steps=steps), numbers=FINE, coding=coding)
    assert (network.neuron, network.steps, network.coding) == ("lif", steps, coding)
    expected, spikes = simulate(graph, IMAGES.reshape(60, 12) / 255, steps)
    found = infer(network, IMAGES, trace=True)
    for name, layer in (("n1", "n0"), ("n3", "n2")):
        sent = torch.from_numpy(found.trace[f"{layer}.time"] == 0).flatten(2).transpose(0, 1)
        assert (sent == spikes[name]).float().mean() > 0.96
    assert (found.predictions == expected.argmax(1).numpy()).mean() > 0.9


def test_white_is_as_bright_in_every_coding():
    module = read_nir(perceptron(), steps=2)
    bits, greedy = (to_network(module, numbers=FINE, coding=coding).layers
                    for coding in ("bits", "greedy2"))
    assert bits[0].threshold / greedy[0].threshold == pytest.approx(255 / 256, rel=1e-4)
    assert np.allclose(bits[0].bias, greedy[0].bias * (255 / 256), atol=1)
    assert bits[1].threshold == greedy[1].threshold
    assert (bits[0].synapses[0].weight == greedy[0].synapses[0].weight).all()


def test_a_potential_at_the_threshold_does_not_fire_as_in_nir():
    weights = np.array([[0.5], [0.25]])
    graph = chain((1,), nir.Linear(np.array([[1.0]])), nir.IF(r=np.ones(1), v_threshold=np.full(
        1, 0.25)), nir.Linear(weights), nir.IF(r=np.ones(2), v_threshold=np.ones(2)),
        nir.Linear(np.eye(2)), out=2)
    steps = 9
    _, spikes = simulate(graph, np.ones((1, 1)), steps)
    network = to_network(read_nir(graph, steps=steps))
    found = infer(network, np.full((1, 1, 1, 1), 255, np.uint8), trace=True)
    sent = (found.trace["n2.time"][0] == 0).reshape(steps, 2)
    assert (sent == spikes["n3"][:, 0].numpy()).all() and sent.sum(0).tolist() == [4, 2]


def test_pooling_becomes_convs_of_stride_2():
    graph = convolutional(3, before=[pool()], behind=[pool(nir.SumPool2d)])
    layers = to_network(read_nir(graph, steps=2)).layers
    assert [(layer.name, layer.synapses[0].stride, layer.synapses[0].kernel, layer.pool)
            for layer in layers] == [("n0", 2, 4, 1), ("n4", 2, 6, 1), ("n7", 1, 1, 1)]


def test_a_kernel_that_hardware_has_not_is_refused_by_its_layer():
    graph = convolutional(3, before=[], behind=[pool(side=2)])
    graph.nodes["n3"].weight = np.ones((5, 3, 5, 5), np.float32)
    graph.nodes["n3"].padding = (2, 2)
    with pytest.raises(NetworkError, match="layer n3: synapses 0: kernel must be 1 to 7, not 10"):
        to_network(read_nir(graph, steps=2))


def test_the_module_stays_as_it_is():
    module = read_nir(perceptron(), steps=2)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    to_network(module)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert len(neurons_of(module)) == 2


def test_too_many_steps_are_refused():
    with pytest.raises(NetworkError, match="steps of a lif network must be 1 to 32, not 33"):
        to_network(read_nir(perceptron(neurons=lambda size: lif(size)), steps=33))
