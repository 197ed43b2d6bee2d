"""The accumulator against a dict, over random streams of additions, reads and clears."""

from collections import defaultdict
from random import Random

import pytest

from hw.lane.accumulator import Accumulator
from tests.hw.configurations import SMALL, with_numbers
from tests.hw.streams import clocked


def run(config, operations: list[tuple[str, int, int]]) -> list[int]:
    """Return what each ``read`` of (operation, address, addend), one per cycle, answers."""
    dut = Accumulator(config)
    sweep = [("clear", address, 0) for address in range(config.potential_depth)]
    stimulus, addend = [], 0
    for kind, address, next_addend in [*sweep, *operations, ("idle", 0, 0)]:
        stimulus.append({
            "add": kind == "add", "read": kind == "read", "clear": kind == "clear",
            "address": address, "addend": addend})
        addend = next_addend
    seen = clocked(dut, stimulus, [dut.potential])[len(sweep) + 1:]
    return [potential for (kind, *_), (potential,) in zip(operations, seen, strict=True)
            if kind == "read"]


def expected(operations: list[tuple[str, int, int]]) -> list[int]:
    potentials, answers = defaultdict(int), []
    for kind, address, addend in operations:
        if kind == "add":
            potentials[address] += addend
        elif kind == "read":
            answers.append(potentials.pop(address, 0))
        elif kind == "clear":
            potentials[address] = 0
    return answers


def random_operations(seed: int, config, *, addresses: int) -> list[tuple[str, int, int]]:
    rng = Random(seed)
    most = 1 << config.numbers.product_bits
    weights = rng.choice([(6, 2, 1, 1), (9, 1, 0, 0), (1, 1, 1, 1)])
    operations, balance = [], defaultdict(int)
    for _ in range(1500):
        kind, = rng.choices(["add", "read", "clear", "idle"], weights)
        address = rng.randrange(addresses)
        addend = rng.choice([-most, most, rng.randint(-most, most)])
        if abs(balance[address] + addend) > config.numbers.potential_max:
            addend = -addend
        balance[address] = balance[address] + addend if kind == "add" else (
            balance[address] if kind == "idle" else 0)
        operations.append((kind, address, addend))
    return operations


@pytest.mark.parametrize("addresses", [1, 2, 3, 64])
@pytest.mark.parametrize("seed", range(4))
def test_matches_a_dict(seed, addresses):
    config = with_numbers(product_bits=5 + 5 * seed, potential_bits=12 + 5 * seed)
    operations = random_operations(seed, config, addresses=addresses)
    assert run(config, operations) == expected(operations)


def test_back_to_back_additions_to_one_potential():
    operations = [("add", 7, value) for value in (1, -20, 300, 4000, -1)] + [("read", 7, 0)] * 2
    assert run(SMALL, operations) == [4280, 0]


def test_says_when_it_writes():
    dut = Accumulator(SMALL)
    stimulus = [{"clear": 1}, {"clear": 0, "add": 1}, {"add": 0, "read": 1}, {"read": 0}, {}]
    assert clocked(dut, stimulus, [dut.is_writing]) == [(0,), (0,), (1,), (1,), (0,)]
