"""What leaky neurons keep, against DESIGN's equations, and toward minus infinity."""

from dataclasses import replace
from random import Random

import pytest

from hw.lane.leak import Leak
from hw.numbers import LEAK_ONE, leak
from tests.hw.configurations import PIPELINES, with_numbers
from tests.hw.streams import clocked


def run(bits: int, threshold: int, fraction: int, potentials: list[int],
        deep: bool = False) -> list[tuple[int, int]]:
    """Return (spikes, kept) of each potential of a layer, one per cycle."""
    dut = Leak(replace(with_numbers(product_bits=4, potential_bits=bits), deep_pipeline=deep))
    latency = 2 + 2 * deep
    stimulus = [{"potential": potential} for potential in potentials] + [{}] * latency
    stimulus[0] |= {"threshold": threshold, "leak": fraction}
    return clocked(dut, stimulus, [dut.spikes, dut.kept])[latency:]


def expected(potential: int, threshold: int, fraction: int) -> tuple[int, int]:
    spikes = int(potential >= threshold)
    return spikes, leak(potential - spikes * threshold, fraction)


@pytest.mark.parametrize("bits", [12, 24, 32])
@pytest.mark.parametrize("fraction", [0, 1, 77, LEAK_ONE - 1, LEAK_ONE])
@PIPELINES
def test_any_neuron(fraction, bits, deep):
    rng, most = Random(fraction), (1 << bits - 1) - 1
    for threshold in (1, most, rng.randint(1, most), rng.randint(1, 50)):
        potentials = [0, -1, most, -most - 1, threshold, threshold - 1,
                      *(rng.randint(-most, most) for _ in range(30)),
                      *(rng.randint(-50, 50) for _ in range(30))]
        assert run(bits, threshold, fraction, potentials, deep) == [
            expected(potential, threshold, fraction) for potential in potentials]


def test_a_threshold_beyond_all_potentials_never_fires():
    never = 1 << 11
    assert run(12, never, LEAK_ONE, [never - 1, -never]) == [(0, never - 1), (0, -never)]


@pytest.mark.parametrize("fraction, kept", [(1, [-1, -1, -2, 0]), (255, [-1, -255, -256, 0])])
def test_leaks_toward_minus_infinity(fraction, kept):
    assert [value for _, value in run(12, 5, fraction, [-1, -256, -257, 1])] == kept
