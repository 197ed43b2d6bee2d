"""The tap resolver against the definition of a tap's place, one synapse per cycle."""

from random import Random

import pytest

from hw.lane.tap_resolver import TapResolver
from tests.hw.configurations import SMALL
from tests.hw.streams import clocked

SIDE = SMALL.max_kernel


def random_taps(rng: Random, kernel: int, local_bits: int) -> list[dict]:
    distances = range(0, SMALL.potential_depth, 1 << local_bits)
    return [{"row": tap // kernel, "column": tap % kernel, "distance": rng.choice(distances)}
            for tap in range(kernel ** 2)]


def random_synapse(rng: Random, kernel: int, local_bits: int) -> dict:
    return {"position": rng.randrange(kernel ** 2 << local_bits),
            "magnitude": rng.randint(1, SMALL.numbers.largest_code), "negative": rng.randint(0, 1),
            "exponent": rng.randrange(128),
            "base": rng.randrange(0, SMALL.potential_depth, 1 << local_bits),
            "rows": rng.randrange(1 << SIDE), "columns": rng.randrange(1 << SIDE)}


def expected(valid: int, synapse: dict, taps: list[dict], local_bits: int):
    """Return address and factors of the addition that a synapse makes, or ``None``."""
    tap, local = divmod(synapse["position"], 1 << local_bits)
    row, column = taps[tap]["row"], taps[tap]["column"]
    if not (valid and synapse["rows"] >> row & 1 and synapse["columns"] >> column & 1):
        return None
    address = (synapse["base"] + taps[tap]["distance"]) % SMALL.potential_depth + local
    return address, {name: synapse[name] for name in ("exponent", "magnitude", "negative")}


@pytest.mark.parametrize("kernel", [1, 2, 3])
@pytest.mark.parametrize("local_bits", [0, 1, 3, 8])
def test_address_of_each_synapse(local_bits, kernel):
    rng = Random(10 * kernel + local_bits)
    dut, taps = TapResolver(SMALL), random_taps(rng, kernel, local_bits)
    inputs = [(int(rng.random() < 0.8), random_synapse(rng, kernel, local_bits))
              for _ in range(300)]
    stimulus = [{"valid": valid, "synapse": synapse} for valid, synapse in inputs]
    padded = taps + [{}] * (SIDE ** 2 - len(taps))
    stimulus[0] |= {"local_bits": local_bits, "taps": padded}
    seen = clocked(dut, [*stimulus, {}], [dut.add, dut.address, dut.factors])
    assert [(address, factors) if add else None for add, address, factors in seen[1:]] == [
        expected(valid, synapse, taps, local_bits) for valid, synapse in inputs]
