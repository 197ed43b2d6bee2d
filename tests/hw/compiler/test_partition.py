"""Parts of layers and kernels: together they are all of it, and each fits."""

from random import Random

import numpy as np
import pytest

from hw.compiler import CompileError
from hw.compiler.partition import kernel_parts, layer_parts
from hw.network import INPUT, Layer, Shape, Synapses


def layer_of(pool: int) -> Layer:
    return Layer(name="conv1", synapses=(), bias=np.zeros(1, np.int32), pool=pool)


@pytest.mark.parametrize("seed", range(200))
def test_parts_of_a_layer(seed):
    rng = Random(seed)
    lanes, pool, potentials = rng.choice([2, 4, 16]), rng.randint(1, 3), rng.randint(8, 300)
    neurons = Shape(rng.randint(1, 100), rng.randint(pool, 30), rng.randint(pool, 30))
    most = rng.choice([1, 2, 5, 1000])
    if pool * neurons.width > potentials and neurons.height * neurons.width > potentials:
        with pytest.raises(CompileError, match=f"layer conv1: needs {pool * neurons.width} words"):
            layer_parts(layer_of(pool), neurons, lanes, potentials, most)
        return
    parts, seen = layer_parts(layer_of(pool), neurons, lanes, potentials, most), []
    for part in parts:
        assert part.rows * neurons.width << part.local_bits <= potentials
        assert part.local_channels <= min(most, 1 << part.local_bits)
        assert part.first_row % pool == 0
        assert part.rows % pool == 0 or part.first_row + part.rows == neurons.height
        seen += [(local, row) for local in range(
            part.first_local, part.first_local + part.local_channels)
            for row in range(part.first_row, part.first_row + part.rows)]
    local_channels = -(-neurons.channels // lanes)
    assert sorted(seen) == [(local, row) for local in range(local_channels)
                            for row in range(neurons.height)]
    positions = neurons.height * neurons.width
    if positions << (local_channels - 1).bit_length() <= potentials and local_channels <= most:
        assert len(parts) == 1


@pytest.mark.parametrize("most", [3, 4, 7])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 7, 11])
def test_parts_of_a_kernel_add_up_to_it(kernel, most):
    rng = np.random.default_rng(kernel)
    weight = rng.integers(1, 8, (3, 2, kernel, kernel)).astype(np.int8)
    padding = int(rng.integers(kernel))
    group = Synapses(source=INPUT, kind="conv", weight=weight, padding=padding)
    # A tap of a part leads where the tap that it was leads: further by what padding is less.
    found, room = np.zeros((3, 2, 2 * kernel + most, 2 * kernel + most), np.int8), 0
    for part in kernel_parts(group, weight, most):
        assert part.kernel <= most and part.weight.dtype == np.int8
        row, column = padding - part.top, padding - part.left
        found[:, :, row:row + part.kernel, column:column + part.kernel] += part.weight.reshape(
            3, 2, part.kernel, part.kernel)
        room += 1
    assert (found[:, :, :kernel, :kernel] == weight).all()
    assert found.sum(dtype=int) == weight.sum(dtype=int)
    assert room == (-(-kernel // most)) ** 2
