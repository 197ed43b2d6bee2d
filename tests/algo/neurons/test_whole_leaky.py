"""The neurons of hardware in floating point: equal to the integers of DESIGN section 2."""

import pytest
import torch

from algo.neurons import Leaky, WholeLeaky
from algo.neurons.whole_leaky import whole_leak, whole_threshold
from hw.numbers import NumberFormat, leak

NUMBERS = NumberFormat()


def whole(steps, threshold, fraction, *, octaves=0):
    neurons = Leaky(steps)
    with torch.no_grad():
        neurons.threshold.fill_(threshold)
        neurons.leak.fill_(fraction)
    return WholeLeaky(neurons, NUMBERS, torch.tensor([octaves * NUMBERS.steps_per_octave]))


@pytest.mark.parametrize("fraction", [0, 1, 77, 128, 255, 256])
@pytest.mark.parametrize("octaves", [-3, 0, 5])
def test_spikes_are_those_of_the_integers(fraction, octaves):
    """Potentials reach what 24 bits hold, and are negative too."""
    generator = torch.Generator().manual_seed(fraction)
    largest = NUMBERS.potential_max // 6
    sums = torch.randint(-largest, largest, (6, 500), generator=generator)
    sums[:, :250] >>= 10
    threshold, unit = 700, 2.0 ** -(NUMBERS.product_bits + octaves)
    kept, expected = [0] * 500, []
    for step in sums.tolist():
        potentials = [leak(v, fraction) + s for v, s in zip(kept, step, strict=True)]
        expected.append([int(u >= threshold) for u in potentials])
        kept = [u - threshold * o for u, o in zip(potentials, expected[-1], strict=True)]
    neurons = whole(6, threshold * unit, fraction / 256, octaves=octaves)
    assert neurons(sums.flatten() * unit).reshape(6, 500).int().tolist() == expected


def test_threshold_and_leak_are_rounded():
    steps = torch.tensor([0])
    assert whole_threshold(torch.tensor([1.0]), steps, NUMBERS).tolist() == [4096]
    assert whole_threshold(torch.tensor([1.6 / 4096]), steps, NUMBERS).tolist() == [2]
    assert whole_threshold(torch.tensor([1e-9]), steps, NUMBERS).tolist() == [1]
    assert whole_threshold(torch.tensor([1.0]), steps + 8, NUMBERS).tolist() == [4096 * 4]
    assert whole_leak(torch.tensor([0.0, 0.501 / 256, 0.5, 1.0])).tolist() == [0, 1, 128, 256]


def test_gradients_pass_straight_through():
    """Where nothing is rounded they are those of float neurons."""
    found = []
    for neurons in (whole(2, 1.0, 0.5), Leaky(2)):
        with torch.no_grad():
            neurons.leak.fill_(0.5)
        sums = torch.tensor([1.25, 0.25], requires_grad=True)
        (neurons(sums) * torch.tensor([2.0, 5.0])).sum().backward()
        found.append([*sums.grad.tolist(), neurons.leak.grad.item(), neurons.threshold.grad.item()])
    assert found[0] == pytest.approx(found[1]) and all(found[0])
