"""The floor against operations that are counted one by one."""

import numpy as np
import pytest

from algo.golden import infer
from hw.network import INPUT
from tests.full_size.floor import floor_cycles, layer_floors
from tests.networks import random_images, random_network

LANES = 4


def counted(network, image, times, owner):
    """Return for each layer (operations [steps][lanes], events [steps]) from the definitions."""
    silence = 1 if network.neuron == "lif" else network.numbers.window
    result = []
    for layer in network.layers:
        operations = [[0] * LANES for _ in range(network.steps)]
        events = [0] * network.steps
        _, height, width = network.neuron_shapes[layer.name]
        for group in layer.synapses:
            for step in range(network.steps):
                source = image if group.source == INPUT else times[group.source]
                source = source[step] if source.ndim == 4 else source
                for flat, ((c, y, x), value) in enumerate(np.ndenumerate(source)):
                    sent = (sum(int(e) != 255 for e in network.exponents[value])
                            if group.source == INPUT else int(value != silence))
                    inside = False
                    for tap in np.ndindex(group.kernel, group.kernel):
                        oy, ox = y + group.padding - tap[0], x + group.padding - tap[1]
                        if group.kind == "conv":
                            if oy % group.stride or ox % group.stride:
                                continue
                            oy, ox = oy // group.stride, ox // group.stride
                            if not (0 <= oy < height and 0 <= ox < width):
                                continue
                        inside = True
                        weights = (group.weight[:, flat] if group.kind == "linear"
                                   else group.weight[:, c, *tap])
                        for out in np.flatnonzero(weights):
                            operations[step][owner(layer)[out]] += sent
                    events[step] += sent * inside
        result.append((operations, events))
    return result


def traced(network, seed):
    images = random_images(seed, network, 3)
    trace = infer(network, images, trace=True).trace
    times = {name.removesuffix(".time"): maps[-1] for name, maps in trace.items()
             if name.endswith(".time")}
    return images[-1], times


@pytest.mark.parametrize("seed", range(24))
def test_equals_what_is_counted(seed):
    network = random_network(seed, scope="format", most_side=6, most_channels=9, most_layers=3)
    image, times = traced(network, seed)
    lanes = {layer.name: np.random.default_rng(seed).permutation(layer.channels) % LANES
             for layer in network.layers}
    for owner in (lambda layer: np.arange(layer.channels) % LANES, lambda layer: lanes[layer.name]):
        chosen = {layer.name: owner(layer) for layer in network.layers}
        found = layer_floors(network, image, times, LANES, chosen)
        for floor, (operations, events) in zip(found, counted(network, image, times, owner),
                                               strict=True):
            assert floor.operations.tolist() == operations
            assert floor.events.tolist() == events


@pytest.mark.parametrize("seed", range(8))
def test_cycles_add_up(seed):
    network = random_network(seed, scope="format", most_side=6, most_channels=9)
    image, times = traced(network, seed)
    total = 0
    for layer, floor in zip(network.layers, layer_floors(network, image, times, LANES),
                            strict=True):
        neurons = network.neuron_shapes[layer.name]
        for operations, events in zip(floor.operations.tolist(), floor.events, strict=True):
            total += max(-(-sum(operations) // LANES), int(events), max(operations))
            total += -(-neurons.channels // LANES) * neurons.height * neurons.width
    assert floor_cycles(network, image, times, LANES) == total > 0
