"""Networks as NIR graphs: the same integers when read again, the same spikes when run as NIR."""

import json
from dataclasses import replace

import nir
import numpy as np
import pytest
import torch

from algo.golden import infer
from algo.interchange import InterchangeError, read_nir, to_network, write_nir
from algo.interchange.metadata import KEY
from algo.interchange.writing import nir_graph
from hw.network import INPUT, Layer, Network, Shape, Synapses, save_network
from hw.numbers import NumberFormat
from tests.algo.interchange.simulator import simulate
from tests.networks import random_images, random_network

SEEDS = range(80)


def can_be_read(network):
    """Whether images go to first layers only, and neurons fire."""
    first = [{group.source == INPUT for group in layer.synapses} for layer in network.layers]
    return all(len(kinds) == 1 for kinds in first) and first[-1] == {False}


def bytes_of(network, folder):
    save_network(network, folder / "network.safetensors")
    return (folder / "network.safetensors").read_bytes()


def test_reading_gives_the_same_network_byte_for_byte(tmp_path):
    networks = [random_network(seed, scope="format", neuron="lif") for seed in SEEDS]
    read = 0
    for network in filter(can_be_read, networks):
        try:
            write_nir(network, tmp_path / "graph.nir")
        except InterchangeError as error:
            assert "a conv on the neurons of" in str(error)
            continue
        again = to_network(read_nir(tmp_path / "graph.nir"))
        assert bytes_of(again, tmp_path) == bytes_of(network, tmp_path), network.name
        read += 1
    assert read >= 10


def whole(out, *shape, seed):
    """Return codes of powers of two that lose nothing to truncation."""
    rng = np.random.default_rng(seed)
    return (rng.integers(1, 6, (out, *shape)) * rng.choice([-1, 1], (out, *shape))).astype(np.int8)


def exact_network(leak=256):
    """Return a network whose products are exact in float, pooled, with a skip path and a name."""
    numbers = NumberFormat(steps_per_octave=1, weight_steps_per_octave=1, weight_bits=4,
                           product_bits=16, potential_bits=32, window=8)
    bits = np.array([[k if pixel >> (8 - k) & 1 else 255 for k in range(1, 9)]
                     for pixel in range(256)], np.uint8)
    layers = (
        Layer(name="stem/1", bias=np.arange(3, dtype=np.int32) * 900, pool=2, threshold=60000,
              leak=leak, synapses=(Synapses(source=INPUT, kind="conv", padding=1,
                                            weight=whole(3, 2, 3, 3, seed=1)),)),
        Layer(name="middle", bias=np.zeros(3, np.int32), threshold=90001, leak=leak,
              synapses=(Synapses(source="stem/1", kind="conv", padding=1,
                                 weight=whole(3, 3, 3, 3, seed=2)),
                        Synapses(source="stem/1", kind="conv", offset=1,
                                 weight=whole(3, 3, 1, 1, seed=3)))),
        Layer(name="scores", bias=np.full(5, -77, np.int32),
              synapses=(Synapses(source="middle", kind="linear", weight=whole(5, 48, seed=4)),)))
    return Network(name="exact", numbers=numbers, input_shape=Shape(2, 8, 8), exponents=bits,
                   layers=layers, neuron="lif", steps=6, coding="bits")


def test_run_as_nir_it_sends_the_same_spikes():
    network = exact_network()
    images = random_images(1, network, 20)
    scores, spikes = simulate(nir_graph(network), images / 256, network.steps)
    found = infer(network, images, trace=True)
    for layer, node in (("stem/1", "stem.1_any"), ("middle", "middle_neurons")):
        sent = torch.from_numpy(found.trace[f"{layer}.time"] == 0).transpose(0, 1)
        assert (sent == spikes[node]).all() and 0.05 < sent.float().mean() < 0.95
    assert (scores.numpy() * 2.0 ** 16 == found.scores).all()


def test_leaks_are_those_of_the_network():
    graph = nir_graph(exact_network(leak=200))
    node = graph.nodes["middle_neurons"]
    assert np.allclose(1 - 1e-4 / node.tau, 200 / 256) and np.allclose(node.r * 1e-4 / node.tau, 1)
    assert (node.v_threshold < 90001 / 2 ** 16).all()
    assert to_network(read_nir(graph)).layers[1].leak == 200


def test_only_standard_nodes_are_written():
    graph = nir_graph(exact_network(leak=200))
    kinds = {type(node).__name__ for node in graph.nodes.values()}
    assert kinds == {"Input", "Conv2d", "LIF", "AvgPool2d", "Flatten", "Affine", "Output"}
    assert graph.check_types()


def test_a_slash_in_a_name_becomes_a_dot(tmp_path):
    write_nir(exact_network(), tmp_path / "graph.nir")
    again = to_network(read_nir(tmp_path / "graph.nir"))
    assert [layer.name for layer in again.layers] == ["stem.1", "middle", "scores"]
    assert again.layers[1].synapses[1].offset == 1 and again.layers[0].pool == 2


def test_without_its_metadata_it_is_a_graph_like_any_other(tmp_path):
    network = exact_network()
    graph = nir_graph(network)
    graph.metadata = {}
    module = read_nir(graph, steps=network.steps)
    assert module.metadata is None and len(module.notes) == 1
    again = to_network(module, numbers=network.numbers)
    images = random_images(1, network, 10)
    same = infer(again, images).predictions == infer(network, images).predictions
    assert same.mean() > 0.8


def test_weights_that_another_program_changed_are_read():
    graph = nir_graph(exact_network())
    graph.nodes["middle"].weight = graph.nodes["middle"].weight * 0.5
    codes = [to_network(read_nir(given)).layers[1].synapses[0].weight
             for given in (nir_graph(exact_network()), graph)]
    assert (np.abs(codes[1]) == np.abs(codes[0]) + 1).all()


def test_time_coded_networks_are_refused(tmp_path):
    network = random_network(0)
    with pytest.raises(InterchangeError, match=r"plain-0: a time-coded network \(ttfs\)"):
        write_nir(network, tmp_path / "graph.nir")
    assert not list(tmp_path.iterdir())


def test_what_float32_would_round_is_refused():
    network = exact_network()
    first = replace(network.layers[0], threshold=(1 << 24) + 1)
    with pytest.raises(InterchangeError, match="layer stem/1: threshold must be a float32 exactly"):
        nir_graph(replace(network, layers=(first, *network.layers[1:])))


@pytest.mark.parametrize("change", [
    lambda found: found.update(version=2), lambda found: found.pop("numbers"),
    lambda found: found.update(steps="many"), lambda found: found.update(name=5),
    lambda found: found.update(colour="blue"),
    lambda found: found["numbers"].update(weight_bits=99),
    lambda found: found["offsets"].update(middle=64)])
def test_damaged_metadata_is_one_line(change):
    graph = nir_graph(exact_network())
    found = json.loads(graph.metadata[KEY])
    change(found)
    graph.metadata[KEY] = json.dumps(found)
    with pytest.raises(InterchangeError, match="metadata firstspike is damaged"):
        read_nir(graph)


def test_the_file_is_one_that_nir_reads(tmp_path):
    write_nir(exact_network(), tmp_path / "graph.nir")
    assert isinstance(nir.read(tmp_path / "graph.nir"), nir.NIRGraph)
