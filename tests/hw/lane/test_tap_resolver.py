"""The tap resolver against the definition of a tap's place, one synapse per cycle."""

from dataclasses import replace
from random import Random

import pytest

from hw.lane.tap_resolver import TapResolver
from tests.hw.configurations import PIPELINES, SMALL
from tests.hw.streams import clocked

CONFIG = replace(SMALL, max_kernel=7)
FACTORS = ("exponent", "magnitude", "negative")


def random_synapse(rng: Random, kernel: int, local_bits: int) -> dict:
    return {"position": rng.randrange(kernel ** 2 << local_bits),
            "magnitude": rng.randint(1, CONFIG.numbers.largest_code),
            "negative": rng.randint(0, 1), "exponent": rng.randrange(128),
            "base": rng.randrange(0, CONFIG.potential_depth, 1 << local_bits)}


def expected(synapse: dict, taps: list[int], local_bits: int) -> tuple[int, dict]:
    """Return address and factors of the addition that a synapse makes."""
    tap, local = divmod(synapse["position"], 1 << local_bits)
    return ((synapse["base"] + taps[tap]) % CONFIG.potential_depth + local,
            {name: synapse[name] for name in FACTORS})


@pytest.mark.parametrize("kernel", range(1, CONFIG.max_kernel + 1))
@pytest.mark.parametrize("local_bits", [0, 1, 3, 8])
@PIPELINES
def test_address_of_each_synapse(local_bits, kernel, deep):
    rng, latency = Random(10 * kernel + local_bits), 3 if deep else 1
    dut = TapResolver(replace(CONFIG, deep_pipeline=deep))
    distances = range(0, CONFIG.potential_depth, 1 << local_bits)
    taps = [rng.choice(distances) for _ in range(kernel ** 2)]
    inputs = [(int(rng.random() < 0.8), random_synapse(rng, kernel, local_bits))
              for _ in range(100)]
    stimulus = [{"valid": valid, "synapse": synapse} for valid, synapse in inputs]
    stimulus[0] |= {"local_bits": local_bits, "entry": {"valid": 0},
                    "taps": taps + [0] * (CONFIG.max_kernel ** 2 - len(taps))}
    entries = [{"entry": {"valid": 1, "tap": tap, "distance": distance}}
               for tap, distance in enumerate(taps)]
    ports = [dut.add, dut.address, dut.factors]
    seen = clocked(dut, entries + stimulus + [{}] * latency, ports)[len(taps):]
    factors = [found for _, _, found in seen[latency - deep:]]
    seen = [(add, address, own) for (add, address, _), own in zip(
        seen[latency:], factors, strict=False)]
    assert [add for add, *_ in seen] == [valid for valid, _ in inputs]
    assert [tuple(found) for add, *found in seen if add] == [
        expected(synapse, taps, local_bits) for valid, synapse in inputs if valid]
