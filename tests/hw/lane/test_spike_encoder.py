"""The spike encoder against the firing rule, around every threshold."""

from dataclasses import replace
from random import Random

import pytest

from hw.lane.spike_encoder import SpikeEncoder
from hw.numbers import NumberFormat
from tests.hw.configurations import PIPELINES, SMALL, random_numbers
from tests.hw.streams import clocked


def times(config, membranes: list[tuple[int, int]]) -> list[int]:
    """Return the spike times of (potential, threshold step), sent one per cycle."""
    dut = SpikeEncoder(config)
    stimulus = [{"membrane": {"potential": potential, "threshold_step": step}}
                for potential, step in membranes]
    latency = 2 + 2 * config.deep_pipeline
    seen = clocked(dut, stimulus + [{}] * latency, [dut.time])
    return [time for time, in seen[latency:]]


def potentials_of_interest(numbers: NumberFormat) -> list[int]:
    """Return potentials around every threshold, and extreme ones."""
    levels = range(numbers.level(numbers.potential_max) + 2)
    found = {numbers.firing_threshold(level) + distance
             for level in levels for distance in (-1, 0, 1)}
    found |= {-numbers.potential_max - 1, -numbers.potential_max, -2, -1, 0, 1, 2,
              numbers.potential_max - 1, numbers.potential_max}
    return sorted(value for value in found if abs(value) <= numbers.potential_max + (value < 0))


def membranes_of_interest(config) -> list[tuple[int, int]]:
    """Return each potential with the steps at which its time turns, and extreme ones."""
    numbers, found = config.numbers, []
    for potential in potentials_of_interest(numbers):
        level = numbers.level(potential) if potential > 0 else 0
        steps = {0, 1, level - 1, level, level + 1, level + numbers.window - 1,
                 level + numbers.window, level + numbers.window // 2, config.max_threshold_step}
        found += [(potential, step) for step in sorted(steps)
                  if 0 <= step <= config.max_threshold_step]
    return found


def check(config, membranes):
    assert times(config, membranes) == [config.numbers.fire(*membrane) for membrane in membranes]


@pytest.mark.parametrize("threshold_offset", [0, 0.5])
@pytest.mark.parametrize("tau", [1, 2, 4, 8, 16])
def test_around_every_threshold(tau, threshold_offset):
    numbers = NumberFormat(
        steps_per_octave=tau, weight_steps_per_octave=1, threshold_offset=threshold_offset,
        window=5 * tau, product_bits=8, potential_bits=14)
    config = replace(SMALL, numbers=numbers)
    check(config, membranes_of_interest(config))


@pytest.mark.parametrize("seed", range(8))
@PIPELINES
def test_any_format(seed, deep):
    config = replace(SMALL, numbers=random_numbers(seed), deep_pipeline=deep)
    membranes = membranes_of_interest(config)
    check(config, Random(seed).sample(membranes, min(1000, len(membranes))))


def test_the_largest_step_is_silence_at_any_potential():
    config = SMALL
    membranes = [(potential, config.max_threshold_step)
                 for potential in potentials_of_interest(config.numbers)]
    assert set(times(config, membranes)) == {config.numbers.silence}
