"""The accumulator against a dict, over random streams of additions, reads, clears and stores."""

from collections import defaultdict
from dataclasses import replace
from random import Random
from typing import NamedTuple

import pytest

from hw.lane.accumulator import Accumulator
from tests.hw.configurations import PIPELINES, SMALL, with_numbers
from tests.hw.streams import clocked


class Operation(NamedTuple):
    """What happens in one cycle; ``keep`` is a read that keeps; ``store`` comes on top."""

    kind: str
    address: int = 0
    addend: int = 0
    store: tuple[int, int] | None = None


IDLE = Operation("idle")


def run(config, operations: list[Operation]) -> list[int]:
    """Return what each read answers."""
    dut, later = Accumulator(config), 1 + config.deep_pipeline
    sweep = [Operation("clear", address) for address in range(config.potential_depth)]
    everything = [*[IDLE] * later, *sweep, *operations, *[IDLE] * later]
    stimulus = []
    for cycle in range(later, len(everything)):
        now, before = everything[cycle], everything[cycle - later]
        store = everything[cycle - later + 1].store
        place, value = store or (0, 0)
        stimulus.append({
            "add": now.kind == "add", "read": now.kind in ("read", "keep"),
            "clear": now.kind == "clear", "address": now.address, "addend": before.addend,
            "keeps": any(other.kind == "keep" for other in everything[cycle - later:cycle + 1]),
            "store": store is not None, "store_address": place, "store_data": value})
    seen = clocked(dut, stimulus, [dut.potential])[len(sweep) + later:]
    return [potential for operation, (potential,) in zip(operations, seen, strict=True)
            if operation.kind in ("read", "keep")]


def expected(operations: list[Operation]) -> list[int]:
    potentials, answers = defaultdict(int), []
    for kind, address, addend, store in operations:
        if store:
            potentials[store[0]] = store[1]
        if kind == "add":
            potentials[address] += addend
        elif kind == "read":
            answers.append(potentials.pop(address, 0))
        elif kind == "keep":
            answers.append(potentials[address])
        elif kind == "clear":
            potentials[address] = 0
    return answers


def random_operations(seed: int, config, *, addresses: int) -> list[Operation]:
    """Return additions, reads and clears in any order, then reads that keep beside stores."""
    rng = Random(seed)
    most = 1 << config.numbers.product_bits
    weights = rng.choice([(6, 2, 1, 1), (9, 1, 0, 0), (1, 1, 1, 1)])
    operations, balance = [], defaultdict(int)
    for _ in range(600):
        kind, = rng.choices(["add", "read", "clear", "idle"], weights)
        address = rng.randrange(addresses)
        addend = rng.choice([-most, most, rng.randint(-most, most)])
        if abs(balance[address] + addend) > config.numbers.potential_max:
            addend = -addend
        balance[address] = balance[address] + addend if kind == "add" else (
            balance[address] if kind == "idle" else 0)
        operations.append(Operation(kind, address, addend))
    operations += [IDLE] * 2
    for _ in range(300):
        store = rng.randrange(addresses), rng.randint(-config.numbers.potential_max, most)
        operations.append(Operation(rng.choice(["keep", "keep", "idle"]), rng.randrange(addresses),
                                    store=rng.choice([None, store])))
    return operations


@pytest.mark.parametrize("addresses", [1, 2, 3, 64])
@pytest.mark.parametrize("seed", range(4))
@PIPELINES
def test_matches_a_dict(seed, addresses, deep):
    config = replace(with_numbers(product_bits=5 + 5 * seed, potential_bits=12 + 5 * seed),
                     deep_pipeline=deep)
    operations = random_operations(seed, config, addresses=addresses)
    clears = [Operation("clear", address) for address in range(addresses)]
    operations = [*operations, *clears, *operations]
    assert run(config, operations) == expected(operations)


@PIPELINES
def test_back_to_back_additions_to_one_potential(deep):
    operations = [*(Operation("add", 7, value) for value in (1, -20, 300, 4000, -1)),
                  Operation("read", 7), Operation("read", 7)]
    assert run(replace(SMALL, deep_pipeline=deep), operations) == [4280, 0]


@PIPELINES
def test_a_store_is_seen_at_once_and_added_to(deep):
    operations = [Operation("keep", 3, store=(3, -9)), IDLE, Operation("add", 3, 2, (3, 50)),
                  Operation("add", 3, 1), Operation("read", 3)]
    assert run(replace(SMALL, deep_pipeline=deep), operations) == [-9, 53]


def test_says_when_it_writes():
    dut = Accumulator(SMALL)
    stimulus = [{"clear": 1}, {"clear": 0, "add": 1}, {"add": 0, "read": 1}, {"keeps": 1}, {},
                {"read": 0, "store": 1}, {"store": 0}]
    assert clocked(dut, stimulus, [dut.is_writing]) == [(0,), (0,), (1,), (0,), (0,), (1,), (0,)]
