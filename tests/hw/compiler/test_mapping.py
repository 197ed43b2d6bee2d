"""The compiler: what it refuses, where it puts things, and that all of it fits."""

from dataclasses import replace

import numpy as np
import pytest

from hw.compiler import CompileError, compile_network
from hw.compiler.allocation import SpikeMemory
from hw.config import CONFIGURATIONS
from hw.instruction import Opcode
from hw.layout import LOADED, Target
from hw.network import INPUT, Layer, Network, Shape, Synapses, validate
from hw.network.model import NO_EVENT
from hw.numbers import NumberFormat
from tests.networks import random_network

NUMBERS = NumberFormat()
TINY = CONFIGURATIONS["tiny"]


def conv(name: str, source: str, inputs: int, outputs: int, kernel: int, *, pool: int = 1,
         stride: int = 1, padding: int | None = None) -> Layer:
    """Return a dense layer of ones."""
    group = Synapses(source=source, kind="conv", stride=stride,
                     padding=kernel // 2 if padding is None else padding,
                     weight=np.ones((outputs, inputs, kernel, kernel), np.int8))
    return Layer(name=name, synapses=(group,), bias=np.zeros(outputs, np.int32), pool=pool,
                 threshold_step=np.zeros(outputs, np.int16))


def linear(name: str, source: str, inputs: int, outputs: int) -> Layer:
    group = Synapses(source=source, kind="linear", weight=np.ones((outputs, inputs), np.int8))
    return Layer(name=name, synapses=(group,), bias=np.zeros(outputs, np.int32))


def network(*layers: Layer, shape=(2, 6, 6), **fields) -> Network:
    exponents = np.where(np.arange(256) > 127, 0, NO_EVENT).astype(np.uint8)[:, None]
    found = Network(name="hand-made", numbers=NUMBERS, input_shape=Shape(*shape),
                    exponents=exponents, layers=layers, **fields)
    validate(found)
    return found


def simple(kernel: int = 3, **changes) -> Network:
    """Return conv1 with 8 channels on 6x6, then 3 scores."""
    return network(conv("conv1", INPUT, 2, 8, kernel, **changes),
                   linear("scores", "conv1", 8 * 36, 3))


def refusal(found: Network, **sizes) -> str:
    """Return the compiler's complaint on `tiny` with these sizes."""
    with pytest.raises(CompileError) as caught:
        compile_network(found, replace(TINY, **sizes))
    return str(caught.value)


def test_kernel_too_large():
    assert refusal(simple(5)) == (
        "layer conv1: kernel must be at most 3 (configuration tiny), not 5")


def test_stride():
    found = network(conv("conv1", INPUT, 2, 8, 3, stride=2), linear("scores", "conv1", 72, 3))
    assert refusal(found) == "layer conv1: stride must be 1, not 2"


def test_leaky_neurons():
    found = random_network(0, scope="format", neuron="lif")
    with pytest.raises(CompileError, match="network format-0: neuron must be ttfs, not lif"):
        compile_network(found, replace(TINY, numbers=found.numbers))


def test_another_number_format():
    with pytest.raises(CompileError, match="tiny must have the network's number format"):
        compile_network(simple(), replace(TINY, numbers=NumberFormat(window=7)))


def test_maps_too_large():
    found = network(conv("conv1", INPUT, 1, 1, 1), linear("scores", "conv1", 256, 2),
                    shape=(1, 256, 1))
    assert refusal(found) == "layer conv1: a map must be at most 255x255, not 256x1"


def test_too_many_pixels():
    scores = linear("scores", INPUT, 8200, 2)
    scores.synapses[0].weight[:] = 0
    found = network(scores, shape=(1, 100, 82))
    assert refusal(found, pixel_depth=8200) == (
        "layer scores: a map must have at most 8192 channels (or pixels, into a linear group), "
        "not 8200")


def test_pool_too_large():
    found = network(conv("conv1", INPUT, 1, 1, 1, pool=4), linear("scores", "conv1", 4, 2),
                    shape=(1, 8, 8))
    assert refusal(found) == "layer conv1: pool must be at most 3, not 4"


@pytest.mark.parametrize("sizes, message", [
    ({"pixel_depth": 71}, "layer conv1: needs 72 words of pixel memory"),
    ({"potential_depth": 71}, "layer conv1: needs 72 words of potential memory in each lane"),
    ({"weight_depth": 35}, "layer conv1: needs 36 words of weight memory in each lane"),
    ({"weight_depth": 36 + 287},
     "layer scores: needs 288 words of weight memory in each lane beside 36 of other layers"),
    ({"pointer_depth": 2 + 287},
     "layer scores: needs 288 words of pointer memory in each lane beside 2 of other layers"),
    ({"channel_depth": 2},
     "layer scores: needs 1 words of channel memory in each lane beside 2 of other layers"),
    ({"spike_depth": 71},
     "layer conv1: needs 72 words of spike memory in each lane beside 0 of maps still to be read"),
    ({"instruction_depth": 2},
     "layer scores: needs 1 words of instruction memory beside 2 of other layers")],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "")
def test_a_memory_too_small(sizes, message):
    name, words = next(iter(sizes.items()))
    assert refusal(simple(), **sizes) == f"{message}, configuration tiny has {words}"
    enough = {name: max(words, compile_network(simple(), TINY).used[name.removesuffix("_depth")])}
    compile_network(simple(), replace(TINY, **enough))


def test_exactly_enough_of_everything():
    used = compile_network(simple(), TINY).used
    exact = replace(TINY, **{f"{name}_depth": words for name, words in used.items()})
    assert compile_network(simple(), exact).used == used


def chain(length: int) -> Network:
    """Return so many conv layers of 4 channels on 6x6, then scores."""
    layers = [conv(f"conv{index + 1}", f"conv{index}" if index else INPUT, 4 if index else 2, 4, 1)
              for index in range(length)]
    return network(*layers, linear("scores", f"conv{length}", 4 * 36, 2))


def test_a_layer_fires_over_what_it_was_the_last_to_read():
    program = compile_network(chain(5), TINY)
    assert [layer.fields["spikes"] for layer in program.layers[:-1]] == [0] * 5
    assert program.used["spike"] == 36


def test_a_map_that_is_read_later_stays():
    early = conv("conv1", INPUT, 2, 4, 1)
    layers = [early, conv("conv2", "conv1", 4, 4, 1), conv("conv3", "conv2", 4, 4, 1)]
    skip = Synapses(source="conv1", kind="conv", weight=np.ones((4, 4, 1, 1), np.int8))
    late = conv("conv4", "conv3", 4, 4, 1)
    layers.append(replace(late, synapses=(*late.synapses, skip)))
    program = compile_network(network(*layers, linear("scores", "conv4", 144, 2)), TINY)
    assert [layer.fields["spikes"] for layer in program.layers[:-1]] == [0, 36, 36, 0]
    sources = [group.fields["source"] for group in program.layers[3].groups]
    assert sources == [36, 0]


def test_first_gap_that_fits():
    memory = SpikeMemory(TINY)
    addresses = [memory.allocate(name, words) for name, words in (("a", 10), ("b", 5), ("c", 20))]
    memory.free_unless({"b"})
    addresses += [memory.allocate(name, words) for name, words in (("d", 11), ("e", 10), ("f", 1))]
    assert addresses == [0, 10, 15, 15, 0, 26]
    assert memory.most_used == 35


@pytest.mark.parametrize("memory, words, expected", [
    # Two blocks of 4 channels have 2 · 4 · 9 entries in each lane.
    ("weight_buffer_depth", 128, (0, 4)), ("weight_buffer_depth", 64, (0, 2)),
    ("weight_buffer_depth", 32, (0, 1)), ("weight_buffer_depth", 16, (0, 1)),
    ("weight_buffer_depth", 8, (1, 4))])
def test_blocks_fit_the_weight_buffer(memory, words, expected):
    found = network(conv("conv1", INPUT, 8, 4, 3), linear("scores", "conv1", 144, 2),
                    shape=(8, 6, 6))
    group, = compile_network(found, replace(TINY, **{memory: words})).layers[0].groups
    assert (group.fields["direct"], group.fields["block_channels"]) == expected


@pytest.mark.parametrize("seed", range(40))
def test_everything_is_in_bounds(seed):
    found = random_network(seed)
    config = replace(TINY, numbers=found.numbers)
    program = compile_network(found, config)
    for target, owners in program.contents.items():
        memory = config.memories[LOADED[target]]
        assert len(owners) == memory.instances
        for words in owners:
            assert len(words) <= memory.words
            assert all(0 <= int(word) < 1 << memory.width_bits for word in words)
    for name, words in program.used.items():
        assert 0 <= words <= config.memories[name].words
    assert len(program.contents[Target.INSTRUCTION][0]) == sum(
        1 + len(layer.groups) for layer in program.layers)
    assert [layer.fields["opcode"] for layer in program.layers] == (
        [Opcode.FIRE.value] * (len(program.layers) - 1) + [Opcode.SCORES.value])
    for pointers in program.contents[Target.POINTER]:
        spans = [pointer_span(int(word), config) for word in pointers]
        ends = [0, *(end for _, end in spans)]
        assert [start for start, _ in spans] == ends[:-1]
        assert ends[-1] <= program.used["weight"]


def pointer_span(word: int, config) -> tuple[int, int]:
    """Return where the entries of a pointer begin and end."""
    bits = config.weight_depth.bit_length()
    start, count = word & ((1 << bits) - 1), word >> bits & ((1 << bits) - 1)
    return start, start + count


def test_the_load_stream_is_the_contents():
    program = compile_network(simple(), TINY)
    stream, found = program.load_words.tolist(), {}
    while stream:
        header, address, count, *stream = stream
        target = Target(header & 255)
        chunks = -(-TINY.memories[LOADED[target]].width_bits // 32)
        found.setdefault(target, {})[header >> 8] = [
            sum(word << 32 * index for index, word in enumerate(stream[at:at + chunks]))
            for at in range(0, count * chunks, chunks)]
        stream = stream[count * chunks:]
        assert address == 0
    assert found == {target: {lane: [int(word) for word in words]
                              for lane, words in enumerate(owners)}
                     for target, owners in program.contents.items()}
