"""Modules that NIR graphs become: equal to the graph spike by spike, or refused by name."""

import re

import nir
import numpy as np
import pytest
import torch

from algo.interchange import InterchangeError, read_nir
from algo.neurons import Leaky
from tests.algo.interchange.graphs import affine, chain, conv, convolutional, lif, perceptron
from tests.algo.interchange.simulator import simulate

STEPS = 6
RNG = np.random.default_rng(3)


def pool(kind=nir.AvgPool2d, side=2, **other):
    options = {"kernel_size": side, "stride": side, "padding": 0} | other
    return kind(**{key: np.array([value, value]) for key, value in options.items()})


def flatten():
    return nir.Flatten(None, start_dim=0, end_dim=-1)


def run(graph, images, **options):
    """Return scores and spikes [N, B, ...] of the module, the latter by module."""
    module, sent = read_nir(graph, **({"steps": STEPS} | options)), {}
    for name, part in module.named_modules():
        if isinstance(part, Leaky):
            part.register_forward_hook(
                lambda _, __, out, name=name: sent.update({name: out.unflatten(0, (STEPS, -1))}))
    with torch.no_grad():
        return module(torch.as_tensor(images, dtype=torch.float32)), sent


def assert_equal(graph, shape, **options):
    images = np.random.default_rng(1).random((40, *shape))
    scores, sent = run(graph, images, **options)
    sides = graph.nodes["input"].input_type["input"]
    expected, spikes = simulate(graph, images.reshape(len(images), *sides), STEPS)
    assert len(sent) == len(spikes) > 0
    for name, found in spikes.items():
        assert 0.02 < found.mean() < 0.98
        assert (sent[name].flatten(2) == found.flatten(2)).float().mean() > 0.999, name
    assert (scores.argmax(1) == expected.flatten(1).argmax(1)).float().mean() > 0.95
    assert (scores - expected.flatten(1)).abs().median() < 1e-4


def test_a_perceptron():
    assert_equal(perceptron(), (12, 1, 1))


def test_neurons_that_do_not_leak():
    graph = perceptron(neurons=lambda size: nir.IF(r=np.full(size, 0.5),
                                                   v_threshold=np.full(size, 0.3)))
    assert_equal(graph, (12, 1, 1))


def test_a_gain_of_neurons_is_in_their_threshold():
    graph = perceptron(neurons=lambda size: lif(size, r=0.7, v_threshold=0.05))
    assert_equal(graph, (12, 1, 1))
    module = read_nir(graph, steps=1)
    assert torch.equal(module.n0.weight, torch.from_numpy(graph.nodes["n0"].weight))
    assert module.n1.threshold.item() == pytest.approx(0.05 / 0.14)


@pytest.mark.parametrize("kind", [nir.AvgPool2d, nir.SumPool2d])
@pytest.mark.parametrize("place", ["before", "behind", "both"])
def test_pooling_between_convs_is_a_part_of_them(kind, place):
    pools = {"before": [], "behind": []}
    for each in ("before", "behind") if place == "both" else (place,):
        pools[each] = [pool(kind)]
    graph = convolutional(2, **pools)
    assert_equal(graph, (2, 8, 8))
    kinds = {type(part).__name__ for part in read_nir(graph, steps=1).modules()}
    assert kinds == {"Imported", "Conv2d", "Leaky", "Flatten", "Linear"}


@pytest.mark.parametrize("kind", [nir.AvgPool2d, nir.SumPool2d])
def test_pooling_before_a_linear_layer(kind):
    graph = chain((2, 6, 6), conv(RNG, 3, 2), lif(3, 6, 6), pool(kind, 3), flatten(),
                  affine(RNG, 4, 12))
    assert_equal(graph, (2, 6, 6))


def test_a_flatten_before_neurons_is_behind_them():
    graph = chain((2, 6, 6), conv(RNG, 3, 2), flatten(), lif(108), affine(RNG, 4, 108))
    assert_equal(graph, (2, 6, 6))


@pytest.mark.parametrize(("name", "padding", "side"), [("same", 1, 6), ("valid", 0, 4)])
def test_padding_by_name(name, padding, side):
    graph = chain((2, 6, 6), conv(RNG, 3, 2, padding=padding), lif(3, side, side), flatten(),
                  affine(RNG, 4, 3 * side ** 2))
    images = RNG.random((5, 2, 6, 6))
    scores = run(graph, images)[0]
    graph.nodes["n0"].padding = name
    assert torch.equal(run(graph, images)[0], scores)


def test_edges_that_meet_are_added_up():
    rng = np.random.default_rng(5)
    nodes = {"input": nir.Input(np.array([12])), "a": affine(rng, 9, 12), "one": lif(9),
             "b": affine(rng, 9, 9), "c": nir.Linear(affine(rng, 9, 9).weight), "two": lif(9),
             "d": affine(rng, 4, 9), "e": affine(rng, 4, 9), "output": nir.Output(np.array([4]))}
    edges = [("input", "a"), ("a", "one"), ("one", "b"), ("one", "c"), ("b", "two"), ("c", "two"),
             ("one", "two"), ("two", "d"), ("one", "e"), ("d", "output"), ("e", "output")]
    assert_equal(nir.NIRGraph(nodes, edges, type_check=False), (12, 1, 1))


def test_neurons_fire_above_their_threshold():
    graph = chain((1,), nir.Linear(np.array([[0.5]])), nir.IF(r=np.ones(1), v_threshold=np.ones(1)),
                  nir.Linear(np.ones((2, 1))), out=2)
    _, sent = run(graph, np.ones((1, 1, 1, 1)))
    assert sent["n1"].flatten().tolist() == [0, 0, 1, 0, 1, 0]
    assert simulate(graph, np.ones((1, 1)), STEPS)[1]["n1"].flatten().tolist() == [0, 0, 1, 0, 1, 0]


def test_subgraphs_are_dissolved():
    rng = np.random.default_rng(0)
    first, neurons, last = affine(rng, 9, 12), lif(9), affine(rng, 4, 9)
    inner = nir.NIRGraph({"in": nir.Input(np.array([12])), "fc": first, "lif": neurons,
                          "out": nir.Output(np.array([9]))},
                         [("in", "fc"), ("fc", "lif"), ("lif", "out")])
    outer = nir.NIRGraph({"input": nir.Input(np.array([12])), "block": inner, "last": last,
                          "output": nir.Output(np.array([4]))},
                         [("input", "block"), ("block", "last"), ("last", "output")])
    images = np.random.default_rng(1).random((8, 12, 1, 1))
    flat = run(chain((12,), first, neurons, last), images)[0]
    assert torch.equal(run(outer, images)[0], flat)
    assert "block.lif" in dict(read_nir(outer, steps=1).named_modules())


def test_vectors_are_images_of_a_given_shape():
    images = np.random.default_rng(1).random((8, 1, 3, 4))
    scores = run(perceptron(), images, input_shape=(1, 3, 4))[0]
    assert torch.equal(scores, run(perceptron(), images.reshape(8, 12, 1, 1))[0])


@pytest.mark.parametrize(("sides", "expected"), [
    ((12,), (12, 1, 1)), ((1, 12), (12, 1, 1)), ((3, 4), (1, 3, 4)), ((1, 3, 4), (1, 3, 4)),
    ((1, 1, 3, 4), (1, 3, 4))])
def test_the_input_may_have_a_batch_dimension(sides, expected):
    rng = np.random.default_rng(0)
    begin = [] if expected == (12, 1, 1) else [flatten()]
    graph = chain(sides, *begin, affine(rng, 9, 12), lif(9), affine(rng, 4, 9))
    assert read_nir(graph, steps=2).input_shape == expected


def test_the_time_constants_of_norse():
    """Norse writes tau * dt of its own 1 ms, tensors of no dimensions, and an LI at the end."""
    def parameters(**values):
        return {key: torch.tensor(value) for key, value in values.items()}
    neurons = nir.LIF(**parameters(tau=1e-5, r=1.0, v_leak=0.0, v_threshold=1.0, v_reset=0.0))
    last = nir.LI(**parameters(tau=1e-5, r=1.0, v_leak=0.0))
    graph = chain((1, 12), affine(RNG, 9, 12), neurons, affine(RNG, 4, 9), last)
    module = read_nir(graph, steps=2, dt=1e-6, drop_last_neurons=True)
    assert module.n1.leak.item() == pytest.approx(0.9)
    assert module.n1.threshold.item() == pytest.approx(10)
    assert [note.partition(" ")[0] for note in module.notes] == ["neurons", "n3"]


@pytest.mark.parametrize("kind", [nir.IF, nir.LIF, nir.CubaLIF, nir.LI])
def test_neurons_at_the_end_are_left_out_on_request(kind):
    keys = {"r", "tau", "v_leak", "v_threshold", "tau_syn", "tau_mem"} & set(
        kind.__dataclass_fields__)
    last = kind(**{key: np.ones(4) for key in keys})
    graph = chain((12,), affine(RNG, 9, 12), lif(9), affine(RNG, 4, 9), last)
    with pytest.raises(InterchangeError, match=rf"^n3: .*this {kind.__name__} out.*drop_last_neur"):
        read_nir(graph, steps=2)
    module = read_nir(graph, steps=2, drop_last_neurons=True)
    assert [name for name, _ in module.calls] == ["input_flatten", "n0", "n1", "n2"]


def test_a_last_integrator_is_what_the_output_does():
    graph = chain((12,), affine(RNG, 9, 12), lif(9), affine(RNG, 4, 9), nir.I(np.full(4, 2.0)))
    assert len(read_nir(graph, steps=2).calls) == 4


@pytest.mark.parametrize("neurons", [
    nir.Threshold(np.full((3, 3, 3), 0.2)), lif(3, 3, 3, tau=1e-4, r=1.0, v_threshold=0.2)])
def test_any_spike_of_a_window_is_max_pooling(neurons):
    graph = chain((2, 6, 6), conv(RNG, 3, 2), lif(3, 6, 6), pool(), neurons, flatten(),
                  affine(RNG, 4, 27))
    module = read_nir(graph, steps=2)
    assert module.n1.pool == 2 and all(name != "n3" for name, _ in module.calls)
    with pytest.raises(InterchangeError, match="any neuron of a pooling window"):
        level = nir.Threshold(np.full((3, 3, 3), 0.3))
        read_nir(chain((2, 6, 6), conv(RNG, 3, 2), lif(3, 6, 6), pool(), level, flatten(),
                       affine(RNG, 4, 27)), steps=2)


def test_the_module_learns():
    module = read_nir(perceptron(), steps=3).train()
    module(torch.rand(5, 12, 1, 1)).square().sum().backward()
    assert all(part.grad is not None and part.grad.abs().sum() > 0
               for part in module.parameters())


def wide(*shape):
    return np.linspace(0.4, 0.6, int(np.prod(shape))).reshape(shape)


def cuba(size):
    return nir.CubaLIF(**{key: np.ones(size) for key in (
        "tau_syn", "tau_mem", "r", "v_leak", "v_threshold")})


def small(*nodes, last=9):
    return chain((12,), affine(RNG, 9, 12), *nodes, affine(RNG, 4, last))


def square(*nodes, sides=(2, 6, 6), last=108):
    return chain(sides, *nodes, flatten(), affine(RNG, 4, last))


@pytest.mark.parametrize(("graph", "reason"), [
    (small(cuba(9)), "n1: CubaLIF cannot be expressed; the current of its synapses leaks too"),
    (small(nir.LI(tau=np.ones(9), r=np.ones(9), v_leak=np.zeros(9))), "n1: LI cannot be expressed"),
    (small(nir.I(np.ones(9))), "n1: I cannot be expressed; an integrator can only be the last"),
    (small(nir.Scale(np.ones(9)), lif(9)), "n1: Scale cannot be expressed; fold the factors"),
    (small(nir.Delay(np.ones(9)), lif(9)), "n1: Delay cannot be expressed"),
    (small(lif(9, v_leak=0.1)), "n1: v_leak must be 0, not 0.1"),
    (small(lif(9, v_reset=-0.2)), "n1: v_reset must be 0, not -0.2"),
    (small(lif(9, tau=5e-5)), "n1: the leak 1 - dt/tau must be 0 to 1, not -1 (tau 5e-05 s"),
    (small(lif(9, tau=-1.0)), "n1: tau must be positive, not -1"),
    (small(lif(9, v_threshold=0.0)), "n1: v_threshold must be positive, not 0"),
    (small(lif(9, r=-1.0)), "n1: r must be positive, not -1"),
    (small(lif(9, r=np.nan)), "n1: r must be finite"),
    (small(lif(9, r="one")), "n1: a LIF must have numbers as its parameters (could not convert"),
    (small(lif(9, v_threshold=wide(9))), "n1: v_threshold must be the same for all neurons, as the "
     "hardware has one threshold and one leak a layer, not 0.4 to 0.6"),
    (small(lif(9, tau=wide(9))), "n1: tau must be the same"),
    (small(lif(8)), "n1: tau must have one value, or one for each of the 9 neurons, not 8"),
    (small(), "n1: Affine must follow the input or neurons; put LIF or IF between n0 and it"),
    (small(lif(9), lif(9)), "n2: neurons must follow a conv or linear layer"),
    (small(lif(9), last=7), "n2: weight must be [out, in] for an input of 9, not [4, 7]"),
    (chain((12,), affine(RNG, 4, 12)), "at least one layer of LIF or IF"),
    (chain((12, 2, 2, 2), affine(RNG, 4, 12)), "input: the input must be a vector or a map"),
    (chain((2, 6, 6), affine(RNG, 4, 72), lif(4), affine(RNG, 4, 4)), "put a Flatten before it"),
    (square(conv(RNG, 3, 2, groups=2), lif(3, 6, 6)), "n0: groups must be 1, not 2"),
    (square(conv(RNG, 3, 2, dilation=2), lif(3, 6, 6)), "n0: dilation must be 1, not (2, 2)"),
    (square(conv(RNG, 3, 2, stride=(1, 2)), lif(3, 6, 6)), "n0: stride must be the same in both"),
    (square(conv(RNG, 3, 1), lif(3, 6, 6)), "n0: its source must be a map of 1 channels"),
    (square(conv(RNG, 3, 2, kernel=4, padding="same"), lif(3, 6, 6)), "odd kernel and stride 1"),
    (square(conv(RNG, 3, 2, kernel=7, padding=0), lif(3, 6, 6)), "n0: kernel must fit the map"),
    (square(nir.Conv1d(None, np.ones((3, 2, 3)), 1, 1, 1, 1, np.ones(3))), "n0: Conv1d cannot"),
    (square(conv(RNG, 3, 2), lif(3, 6, 6), pool(stride=1)), "n2: stride must be kernel_size (2)"),
    (square(conv(RNG, 3, 2), lif(3, 6, 6), pool(padding=1)), "n2: padding must be 0 in pooling"),
    (square(conv(RNG, 3, 2), lif(3, 6, 6), pool(side=7)), "n2: kernel_size must be at most"),
    (square(conv(RNG, 3, 2), lif(3, 6, 6), pool(), pool()), "n3: pooling must follow the input"),
    (square(conv(RNG, 3, 2), lif(3, 6, 6), pool(), lif(3, 3, 3)), "n3: neurons must follow"),
    (square(conv(RNG, 3, 2, stride=2), pool(), lif(3, 1, 1)), "pooling right behind it must have "
     "stride 1, not 2"),
    (square(conv(RNG, 3, 2, padding=0), lif(3, 4, 4), pool(side=3), conv(RNG, 3, 3), lif(3)),
     "n3: pooling before a conv with padding must divide the map, 4x4"),
    (chain((2, 6, 6), conv(RNG, 3, 2), lif(3, 6, 6), conv(RNG, 3, 3)),
     "output: the output must be a vector of classes, not a map of 3x6x6"),
    (chain((2, 6, 6), nir.Flatten(None, 2, -1), affine(RNG, 4, 6)), "n0: Flatten must flatten all"),
], ids=lambda value: value[:40] if isinstance(value, str) else "")
def test_what_cannot_be_expressed_is_refused_by_name(graph, reason):
    with pytest.raises(InterchangeError, match=re.escape(reason)) as refused:
        read_nir(graph, steps=3)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("options", "reason"), [
    ({}, "steps must be given (--steps)"), ({"steps": 0}, "steps must be at least 1, not 0"),
    ({"steps": 2, "dt": 0.0}, "dt must be positive"),
    ({"steps": 2, "input_shape": (1, 4, 4)}, "input_shape must fit the graph's input of 12"),
])
def test_options_are_checked(options, reason):
    with pytest.raises(InterchangeError, match=re.escape(reason)):
        read_nir(perceptron(), **options)


def test_the_image_and_spikes_cannot_meet():
    nodes = {"input": nir.Input(np.array([9])), "a": affine(RNG, 9, 9), "one": lif(9),
             "b": affine(RNG, 9, 9), "c": affine(RNG, 9, 9), "two": lif(9),
             "d": affine(RNG, 4, 9), "output": nir.Output(np.array([4]))}
    edges = [("input", "a"), ("a", "one"), ("one", "b"), ("input", "c"), ("b", "two"),
             ("c", "two"), ("two", "d"), ("d", "output")]
    with pytest.raises(InterchangeError, match=re.escape("two: the image and spikes cannot")):
        read_nir(nir.NIRGraph(nodes, edges, type_check=False), steps=2)
