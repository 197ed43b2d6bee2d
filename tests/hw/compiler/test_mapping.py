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


def test_leaky_neurons_need_a_leaky_configuration():
    found = random_network(0, scope="format", neuron="lif")
    with pytest.raises(CompileError) as caught:
        compile_network(found, replace(TINY, numbers=found.numbers, leaky=False))
    assert str(caught.value) == (
        "network format-0: lif neurons need a leaky configuration, tiny is not")
    compile_network(found, replace(TINY, numbers=found.numbers))


def test_too_many_layers():
    assert refusal(chain(3), layer_depth=3) == (
        "network hand-made: must have at most 3 layers (configuration tiny), not 4")
    compile_network(chain(3), replace(TINY, layer_depth=4))


def test_another_number_format():
    with pytest.raises(CompileError, match="tiny must have the network's number format"):
        compile_network(simple(), replace(TINY, numbers=NumberFormat(window=7)))


def test_maps_too_large():
    found = network(conv("conv1", INPUT, 1, 1, 1), linear("scores", "conv1", 256, 2),
                    shape=(1, 256, 1))
    assert refusal(found) == "layer conv1: a map must be at most 255x255, not 256x1"


def test_too_many_channels():
    scores = linear("scores", "conv1", 16385, 1)
    scores.synapses[0].weight[:] = 0
    found = network(conv("conv1", INPUT, 1, 16385, 1), scores, shape=(1, 1, 1))
    assert refusal(found) == (
        "layer conv1: a map must have at most 16384 channels (or pixels, for linear), not 16385")


def test_too_many_pixels():
    scores = linear("scores", INPUT, 16400, 2)
    scores.synapses[0].weight[:] = 0
    assert refusal(network(scores, shape=(1, 100, 164))) == (
        "layer scores: a map must have at most 16384 channels (or pixels, for linear), not 16400")


def test_an_image_of_any_shape_fits_a_linear_group():
    program = compile_network(network(linear("scores", INPUT, 784, 2), shape=(1, 1, 784)), TINY)
    fields = program.layers[0].groups[0].fields
    assert (fields["channels"], fields["height"], fields["width"]) == (784, 1, 1)


def test_a_map_that_fills_the_spike_memory():
    # Five rows in bands of two: the last one has no whole pooling window, and writes nothing.
    found = network(conv("conv1", INPUT, 1, 2, 3, pool=2), linear("scores", "conv1", 16, 2),
                    shape=(1, 5, 8))
    program = compile_network(found, replace(TINY, lanes=2, potential_depth=16, spike_depth=8))
    assert [fire.rows for fire in program.layers[0].fires] == [2, 2, 1]
    assert program.used["spike"] == 8


def test_pool_too_large():
    found = network(conv("conv1", INPUT, 1, 1, 1, pool=4), linear("scores", "conv1", 4, 2),
                    shape=(1, 8, 8))
    assert refusal(found) == "layer conv1: pool must be at most 3, not 4"


@pytest.mark.parametrize("sizes, message", [
    ({"pixel_depth": 71}, "layer conv1: needs 72 words of pixel memory"),
    ({"channel_depth": 2},
     "layer scores: needs 1 words of channel memory in each lane beside 2 in use"),
    ({"spike_depth": 71},
     "layer conv1: needs 72 words of spike memory in each lane beside 0 of maps still to be read"),
    ({"instruction_depth": 3},
     "layer scores: needs 1 words of instruction memory beside 3 in use")],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "")
def test_a_memory_too_small(sizes, message):
    name, words = next(iter(sizes.items()))
    assert refusal(simple(), **sizes) == f"{message}, configuration tiny has {words}"
    enough = {name: compile_network(simple(), TINY).used[name.removesuffix("_depth")]}
    assert words == enough[name] - 1
    compile_network(simple(), replace(TINY, **enough))


def test_a_row_of_pooling_windows_must_fit():
    found = network(conv("conv1", INPUT, 2, 8, 3, pool=2), linear("scores", "conv1", 72, 3))
    compile_network(found, replace(TINY, potential_depth=12))
    assert refusal(found, potential_depth=11) == (
        "layer conv1: needs 12 words of potential memory in each lane for a row of pooling "
        "windows, there are 11")


@pytest.mark.parametrize("sizes", [{"weight_depth": 64}, {"pointer_depth": 128}])
def test_a_row_of_channels_must_fit_half_of_the_memories(sizes):
    """The scores need 144 entries and pointers for each row of channels."""
    depths = {"weight_depth": 16384, "pointer_depth": 16384} | sizes
    assert refusal(simple(), **sizes) == (
        f"layer scores: needs more than half of the {depths['weight_depth']} entries or "
        f"{depths['pointer_depth']} pointers of a lane for 4 input channels, configuration tiny")


@pytest.mark.parametrize("sizes", [{"weight_depth": 288}, {"pointer_depth": 288}])
def test_weights_that_do_not_fit_are_streamed(sizes):
    program = compile_network(simple(), replace(TINY, **sizes))
    assert [group.slice for layer in program.layers for group in layer.groups] == [0, 1, 2]
    assert len(program.slices) == 3
    assert len(program.streamed_words) and not compile_network(simple(), TINY).slices


def test_exactly_enough_of_everything():
    used = compile_network(simple(), TINY).used
    exact = replace(TINY, **{f"{name}_depth": words * (
        TINY.row_entries if name == "weight" else 1) for name, words in used.items()})
    program = compile_network(simple(), exact)
    assert program.used == used and not program.slices


@pytest.mark.parametrize("depth, parts", [(72, 1), (71, 2), (35, 4)])
def test_potentials_that_do_not_fit_are_worked_off_in_parts(depth, parts):
    """Two local channels of 6x6; beyond that in bands of rows."""
    fires = compile_network(simple(), replace(TINY, potential_depth=depth)).layers[0].fires
    assert len(fires) == parts and [fire.fields["ends"] for fire in fires] == (
        [0] * (parts - 1) + [1])


def test_large_kernels_are_cut():
    groups = compile_network(simple(5), replace(TINY, max_kernel=3)).layers[0].groups
    assert [(group.fields["kernel"], group.fields["top"], group.fields["left"])
            for group in groups] == [(3, 2, 2), (3, 2, -1), (3, -1, 2), (3, -1, -1)]


def chain(length: int) -> Network:
    """Return so many conv layers of 4 channels on 6x6, then scores."""
    layers = [conv(f"conv{index + 1}", f"conv{index}" if index else INPUT, 4 if index else 2, 4, 1)
              for index in range(length)]
    return network(*layers, linear("scores", f"conv{length}", 4 * 36, 2))


def test_a_layer_fires_over_what_it_was_the_last_to_read():
    program = compile_network(chain(5), TINY)
    assert [layer.fires[0].fields["spikes"] for layer in program.layers[:-1]] == [0] * 5
    assert program.used["spike"] == 36


def test_a_map_that_is_read_later_stays():
    early = conv("conv1", INPUT, 2, 4, 1)
    layers = [early, conv("conv2", "conv1", 4, 4, 1), conv("conv3", "conv2", 4, 4, 1)]
    skip = Synapses(source="conv1", kind="conv", weight=np.ones((4, 4, 1, 1), np.int8))
    late = conv("conv4", "conv3", 4, 4, 1)
    layers.append(replace(late, synapses=(*late.synapses, skip)))
    program = compile_network(network(*layers, linear("scores", "conv4", 144, 2)), TINY)
    assert [layer.fires[0].fields["spikes"] for layer in program.layers[:-1]] == [0, 36, 36, 0]
    sources = [group.fields["source"] for group in program.layers[3].groups]
    assert sources == [36, 0]


def test_first_gap_that_fits():
    memory = SpikeMemory(TINY)
    addresses = [memory.allocate(name, words) for name, words in (("a", 10), ("b", 5), ("c", 20))]
    memory.free_unless({"b"})
    addresses += [memory.allocate(name, words) for name, words in (("d", 11), ("e", 10), ("f", 1))]
    assert addresses == [0, 10, 15, 15, 0, 26]
    assert memory.most_used == 35


@pytest.mark.parametrize("words, expected", [
    # Two blocks of 4 channels have 2 · 4 · 9 entries in each lane, and 4 channels 36.
    (128, (0, 4)), (64, (0, 2)), (32, (0, 1)), (16, (0, 1)), (8, (1, 4))])
def test_blocks_fit_the_weight_buffer(words, expected):
    found = network(conv("conv1", INPUT, 8, 4, 3), linear("scores", "conv1", 144, 2),
                    shape=(8, 6, 6))
    group, = compile_network(found, replace(TINY, weight_buffer_depth=words)).layers[0].groups
    assert (group.fields["direct"], group.fields["block_channels"]) == expected


@pytest.mark.parametrize("seed", range(40))
def test_everything_is_in_bounds(seed):
    found = random_network(seed, scope="format")
    config = replace(TINY, numbers=found.numbers)
    program = compile_network(found, config)
    for packet in program.packets:
        memory = config.memories[LOADED[packet.target]]
        assert packet.address + len(packet.words) <= memory.words
        assert packet.lane + packet.words.shape[1] <= config.lanes
    for name, words in program.used.items():
        assert 0 <= words <= config.memories[name].words
    instructions = [plan for layer in program.layers for plan in layer.instructions]
    loaded, = (packet for packet in program.packets if packet.target == Target.INSTRUCTION)
    assert len(loaded.words) == len(instructions) == program.used["instruction"]
    for layer in program.layers:
        is_output = layer is program.layers[-1]
        opcodes = [fire.fields["opcode"] for fire in layer.fires]
        last = Opcode.SCORES if is_output else Opcode.FIRE
        assert opcodes[-1] == last.value and opcodes.count(Opcode.SCORES.value) <= is_output
        assert [plan.fields.get("ends", 0) for plan in layer.instructions] == (
            [0] * (len(layer.instructions) - 1) + [1])
        assert all(fire.fields["keeps"] == (fire.step < found.steps - 1)
                   and fire.fields["writes"] != is_output for fire in layer.fires)
