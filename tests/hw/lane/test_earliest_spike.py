"""Max pooling of spike times against ``min`` over each window."""

from random import Random

import pytest

from hw.lane.earliest_spike import EarliestSpike
from tests.hw.configurations import with_numbers
from tests.hw.streams import clocked


@pytest.mark.parametrize("window", [1, 7, 8, 24, 250])
@pytest.mark.parametrize("seed", range(3))
def test_earliest_of_each_window(seed, window):
    rng, config = Random(seed), with_numbers(window=window)
    dut, stimulus, expected = EarliestSpike(config), [], []
    for _ in range(60):
        neurons = [rng.choice([window, rng.randint(0, window)])
                   for _ in range(rng.choice([1, 4, 9]))]
        for index, time in enumerate(neurons):
            for _ in range(rng.choice([0, 0, 2])):
                stimulus.append({"valid": 0, "first": rng.random() < 0.5,
                                 "time": rng.randint(0, window)})
                expected.append(None)
            stimulus.append({"valid": 1, "first": index == 0, "time": time})
            expected.append(min(neurons[:index + 1]))
    seen = clocked(dut, stimulus, [dut.earliest])
    assert [earliest for (earliest,), wanted in zip(seen, expected, strict=True)
            if wanted is not None] == [wanted for wanted in expected if wanted is not None]
