"""Where weights lie: every slice brings its own, nothing that is in use is overwritten."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from hw.compiler import CompileError, compile_network
from hw.compiler.packets import END_OF_SLICE
from hw.compiler.placement import channel_orders
from hw.compiler.residency import plan_weights
from hw.layout import Target
from hw.network import INPUT
from hw.numbers import NumberFormat
from tests.hw.compiler.stored import Memories
from tests.hw.configurations import SMALL
from tests.networks import random_network

SEEDS = range(9)
FORMS = [{"row_entries": 1}, {"row_entries": 2, "stream_bits": 128},
         {"row_entries": 4, "stream_bits": 512}]
ROOMY = {"weight_depth": 1 << 16, "pointer_depth": 1 << 14, "instruction_depth": 1 << 12,
         "channel_depth": 1 << 10, "spike_depth": 1 << 12}


def network(seed: int):
    return random_network(seed, scope="format", numbers=NumberFormat(), most_channels=20,
                          most_side=6)


@cache
def configuration(seed: int):
    """Return one with room for half of a network's weights."""
    roomy = replace(SMALL, **ROOMY, **FORMS[seed % len(FORMS)])
    entries = compile_network(network(seed), roomy).used["weight"] * roomy.row_entries
    return replace(roomy, weight_depth=max(16, entries // 2 // 4 * 4))


@cache
def streamed(seed: int):
    """Return a program that streams weights, or ``None`` if a row of channels does not fit."""
    try:
        return compile_network(network(seed), configuration(seed))
    except CompileError:
        return None


def check_group(program, group, part, placed, piece, memories):
    """Compare what memories hold with the codes of a kernel part, for channels of a piece."""
    lanes, codes = program.config.lanes, placed.kernel.weight
    first = group.fields["pointer"]
    for lane in range(min(lanes, len(codes))):
        own = codes[lane::lanes, piece.first_pointer:piece.first_pointer + piece.pointers]
        for index in range(piece.pointers):
            found = memories.weights(lane, first + index, channels=len(own),
                                     taps=own.shape[2], local_bits=part.local_bits)
            assert (found == own[:, index]).all()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("is_roomy", [True, False])
def test_instructions_find_their_weights(is_roomy, seed):
    program = streamed(seed)
    if is_roomy:
        program = compile_network(network(seed), replace(configuration(seed), **ROOMY))
        assert not program.slices
    if program is None:
        pytest.skip("a row of channels does not fit")
    found, config = program.network, program.config
    plan = plan_weights(found, config, channel_orders(found, config))
    memories = Memories(config)
    memories.load([packet for packet in program.packets
                   if packet.target in (Target.WEIGHT, Target.POINTER)])
    resident, slices = dict(memories.words), iter(enumerate(program.slices))
    for index, layer in enumerate(program.layers):
        groups = iter(layer.groups)
        for part in plan.parts[index]:
            for _ in range(found.steps):
                for placed in plan.placed(index, part):
                    for piece in placed.slices or [placed.weights.whole]:
                        group = next(groups)
                        if placed.slices:
                            number, packets = next(slices)
                            assert group.slice == number and packets[-1] is END_OF_SLICE
                            memories.load(packets[:-1])
                        check_group(program, group, part, placed, piece, memories)
        assert next(groups, None) is None
    assert next(slices, None) is None
    assert all(memories.words[key] == word for key, word in resident.items())


def test_a_slice_leaves_the_one_before_alone():
    for program in filter(None, map(streamed, SEEDS)):
        for slices in pairwise(program.slices):
            one, other = ({(packet.target, lane, address) for packet in packets
                           for lane in range(packet.lane, packet.lane + packet.words.shape[1])
                           for address in range(packet.address,
                                                packet.address + len(packet.words))}
                          for packets in slices)
            assert not one & other


def test_some_networks_are_streamed_in_part_and_some_groups_are_cut():
    """So that the tests above say something."""
    groups = [group for program in filter(None, map(streamed, SEEDS))
              for layer in program.layers for group in layer.groups]
    assert any(group.slice is None for group in groups)
    assert any(group.slice is not None and group.first_channel for group in groups)


@pytest.mark.parametrize("seed", SEEDS)
def test_weights_are_in_the_order_of_places(seed):
    """Place p of a map holds channel ``order[p]``; linear groups take a map as it is scanned."""
    found, config = network(seed), replace(configuration(seed), **ROOMY, max_kernel=7)
    orders = channel_orders(found, config)
    plan = plan_weights(found, config, orders)
    for index, layer in enumerate(found.layers):
        for part in plan.parts[index]:
            own = orders[layer.name][part.first_local * config.lanes:][
                :part.local_channels * config.lanes]
            for placed in plan.placed(index, part):
                group = layer.synapses[placed.group]
                order, shape = orders[group.source], found.spike_shapes[group.source]
                weight = group.weight[own]
                if group.kind == "conv":
                    wanted = weight[:, order].reshape(*weight.shape[:2], -1)
                elif group.source == INPUT:
                    wanted = weight[:, :, None]
                else:
                    wanted = np.stack([
                        weight[:, channel * shape.height * shape.width + position]
                        for first in range(0, shape.channels, config.lanes)
                        for position in range(shape.height * shape.width)
                        for channel in order[first:first + config.lanes]], axis=1)[:, :, None]
                assert (placed.kernel.weight == wanted).all()
