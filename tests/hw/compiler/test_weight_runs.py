"""Runs of weights decode to what was encoded."""

import numpy as np
import pytest

from hw.compiler.weight_runs import WeightRuns, encode_runs


def random_weights(seed: int, density: float) -> np.ndarray:
    """Return codes [channels of a lane, inputs, taps]."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 12), rng.integers(1, 9), rng.choice([1, 4, 9, 25])
    codes = rng.integers(1, 16, shape) * rng.choice([-1, 1], shape)
    return np.where(rng.random(shape) < density, codes, 0).astype(np.int8)


def local_bits_of(weights: np.ndarray) -> int:
    return (len(weights) - 1).bit_length()


def decode(runs: WeightRuns, shape: tuple[int, int, int], local_bits: int) -> np.ndarray:
    """Return the codes that runs stand for, entry by entry."""
    weights, entries = np.zeros(shape, np.int8), iter(zip(runs.skip, runs.code, strict=True))
    for source, count in enumerate(runs.counts):
        position = -1
        for _ in range(count):
            skip, code = next(entries)
            position += skip + 1
            if code:
                tap, local = divmod(int(position), 1 << local_bits)
                weights[local, source, tap] = code
    assert next(entries, None) is None
    return weights


@pytest.mark.parametrize("skip_bits", [1, 2, 4, 8])
@pytest.mark.parametrize("density", [0.0, 0.02, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(6))
def test_decodes_to_the_original(seed, density, skip_bits):
    weights = random_weights(seed, density)
    local_bits = local_bits_of(weights)
    runs = encode_runs(weights, local_bits=local_bits, skip_bits=skip_bits)
    assert (decode(runs, weights.shape, local_bits) == weights).all()
    assert (runs.taps == (weights != 0).any(axis=0)).all()
    assert runs.skip.min(initial=0) >= 0 and runs.skip.max(initial=0) < 1 << skip_bits
    assert runs.counts.sum() == len(runs.skip) == len(runs.code)


@pytest.mark.parametrize("skip_bits", [1, 2, 3])
@pytest.mark.parametrize("gap", range(20))
def test_no_more_bridges_than_needed(skip_bits, gap):
    weights = np.zeros((1, 1, gap + 1), np.int8)
    weights[0, 0, gap] = -5
    runs = encode_runs(weights, local_bits=0, skip_bits=skip_bits)
    assert runs.counts.tolist() == [1 + gap // (1 << skip_bits)]
    assert runs.code.tolist() == [0] * (len(runs.code) - 1) + [-5]


def test_no_weights_no_entries():
    runs = encode_runs(np.zeros((3, 4, 9), np.int8), local_bits=2, skip_bits=4)
    assert runs.counts.tolist() == [0] * 4 and not len(runs.skip) and not runs.taps.any()
