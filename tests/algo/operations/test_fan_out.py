"""How many weights a spike meets, by hand and against a convolution of ones."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from algo.operations.fan_out import dense_operations, fan_out, is_identity
from hw.network import Shape, Synapses


def test_edges_meet_fewer_taps():
    """3x3, padding 1: a corner meets 4 taps, an edge 6, the middle 9."""
    found = fan_out(np.ones((1, 1, 3, 3), bool), Shape(1, 3, 3), padding=1)
    assert found.tolist() == [[[4, 6, 4], [6, 9, 6], [4, 6, 4]]]


def test_without_padding_the_middle_is_met_by_all():
    """3x3 on 3x3 without padding: one output, each place meets one tap of it."""
    found = fan_out(np.ones((5, 1, 3, 3), bool), Shape(1, 3, 3))
    assert found.tolist() == [[[5] * 3] * 3]


def test_stride_2_meets_taps_of_one_parity():
    """3x3, stride 2, padding 1 on 4 positions: outputs read −1…1 and 1…3, so 1 is read twice."""
    found = fan_out(np.ones((1, 1, 3, 3), bool), Shape(1, 4, 4), stride=2, padding=1)
    along = np.array([1, 2, 1, 1])
    assert np.array_equal(found[0], np.outer(along, along))


def test_only_stored_weights_count_each_at_its_tap():
    """One weight, tap (0, 2) of a 3x3 with padding 1: met unless it leads above or left out."""
    stored = np.zeros((2, 2, 3, 3), bool)
    stored[1, 0, 0, 2] = True
    found = fan_out(stored, Shape(2, 2, 3), padding=1)
    # (y, x) leads to (y + 1, x − 1).
    assert found[0].tolist() == [[0, 1, 1], [0, 0, 0]] and not found[1].any()


def test_linear_weights_lie_in_the_order_of_the_map():
    stored = np.zeros((3, 8), bool)
    stored[:, 5] = True             # channel 1, row 0, column 1 of a 2x2 map
    stored[0, 2] = True             # channel 0, row 1, column 0
    found = fan_out(stored, Shape(2, 2, 2), kind="linear")
    assert found.tolist() == [[[0, 0], [1, 0]], [[0, 3], [0, 0]]]


@pytest.mark.parametrize("seed", range(20))
def test_equals_the_gradient_of_a_convolution(seed):
    """The sum of a conv with the weights 0 and 1 grows by the fan-out of a place."""
    rng = np.random.default_rng(seed)
    kernel, stride = int(rng.integers(1, 8)), int(rng.integers(1, 3))
    padding, channels = int(rng.integers(kernel)), int(rng.integers(1, 4))
    sides = [int(side) for side in rng.integers(max(1, kernel - 2 * padding), 10, 2)]
    stored = rng.random((int(rng.integers(1, 5)), channels, kernel, kernel)) < 0.5
    print(f"seed {seed}: kernel {kernel}, stride {stride}, padding {padding}, sides {sides}")
    values = torch.zeros(1, channels, *sides, dtype=torch.float64, requires_grad=True)
    F.conv2d(values, torch.from_numpy(stored).double(), stride=stride, padding=padding).sum(
        ).backward()
    found = fan_out(stored, Shape(channels, *sides), stride=stride, padding=padding)
    assert found.dtype == np.int64 and np.array_equal(found, values.grad[0].numpy())


def group(weight, **options) -> Synapses:
    return Synapses(source="input", kind="linear" if np.ndim(weight) == 2 else "conv",
                    weight=np.array(weight, np.int8), **options)


def test_dense_operations_count_the_padding_too():
    """K²·C·out·H′·W′: 9 · 2 · 5 on 4x3, and on 2x2 with stride 2."""
    ones = np.ones((5, 2, 3, 3))
    assert dense_operations(group(ones, padding=1), Shape(2, 4, 3)) == 90 * 12
    assert dense_operations(group(ones, padding=1, stride=2), Shape(2, 4, 3)) == 90 * 4
    assert dense_operations(group(np.ones((5, 24))), Shape(2, 4, 3)) == 120


def test_identities_multiply_nothing():
    identity = 3 * np.eye(4)[:, :, None, None]
    assert is_identity(group(identity)) and is_identity(group(np.eye(4)))
    assert dense_operations(group(identity), Shape(4, 2, 2)) == 0
    assert not is_identity(group(identity, stride=2))
    assert not is_identity(group(-identity))
    assert not is_identity(group(np.diag([1, 1, 2])))
    assert not is_identity(group(np.eye(4) + np.eye(4)[::-1]))
    assert not is_identity(group(np.ones((1, 1, 3, 3))))
    assert not is_identity(group(np.ones((2, 2))))
    assert not is_identity(group(0 * np.eye(2)))
    assert not is_identity(group([[1]]))
