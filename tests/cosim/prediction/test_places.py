"""Taps that lead into the map, against the definition of a convolution."""

import numpy as np
import pytest

from cosim.prediction.places import place_masks


def masks_of(kernel: int, stride: int, padding: int, height: int, width: int) -> list[int]:
    """Walk over the output: position (y, x) is met at tap (ky, kx) by y · stride + ky − padding."""
    found = np.zeros((height, width), int)
    for row in range((height + 2 * padding - kernel) // stride + 1):
        for column in range((width + 2 * padding - kernel) // stride + 1):
            for tap in range(kernel * kernel):
                y = row * stride + tap // kernel - padding
                x = column * stride + tap % kernel - padding
                if 0 <= y < height and 0 <= x < width:
                    found[y, x] |= 1 << tap
    return found.reshape(-1).tolist()


@pytest.mark.parametrize("kernel", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(("height", "width"), [(7, 7), (8, 9), (11, 7)])
def test_masks_are_those_of_the_convolution(kernel, stride, height, width):
    for padding in range(kernel):
        fields = {"height": height, "width": width, "kernel": kernel, "halves": stride == 2,
                  "linear": 0, "top": padding, "left": padding,
                  "out_height": (height + 2 * padding - kernel) // stride + 1,
                  "out_width": (width + 2 * padding - kernel) // stride + 1}
        assert place_masks(fields).tolist() == masks_of(kernel, stride, padding, height, width)


def test_every_neuron_of_a_linear_layer_meets_its_only_tap():
    fields = {"height": 2, "width": 3, "kernel": 1, "linear": 1}
    assert place_masks(fields).tolist() == [1] * 6
