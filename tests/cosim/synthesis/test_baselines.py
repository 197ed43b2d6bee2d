"""The size of a small processor, against what it was; memories against its configuration."""

import copy
import json

import pytest

from cosim.synthesis import find_target, synthesise
from hw.config import CONFIGURATIONS
from hw.counters import COUNTER_BITS, COUNTERS

from .baseline import BASELINES, differences, synthesised

TINY = json.loads((BASELINES / "tiny.json").read_text())
FIGURES = {"lane": {"instances": 2, "cells": 1000, "flip_flops": 100}, "clock": {"clock_mhz": 100}}


@pytest.mark.slow
@pytest.mark.xdist_group("synth tiny")
def test_tiny_is_as_large_as_before(build_root):
    assert [*differences(synthesised(TINY, build_root), TINY["figures"])] == []


@pytest.mark.slow
@pytest.mark.xdist_group("synth tiny")
def test_memories_are_those_of_the_configuration(build_root):
    config = CONFIGURATIONS["tiny"]
    memories = synthesise(config, find_target("generic"), build_root=build_root)["memories"]
    found = {memory["memory"].split("/")[-1]: memory["bits"] for memory in memories}
    assert found.pop("memory") == COUNTER_BITS * len(COUNTERS) * config.layer_depth
    found["potential"], found["instruction"] = found.pop("potentials"), found.pop("program")
    assert found == {name: memory.bits for name, memory in config.memories.items()}


@pytest.mark.parametrize("block, name, value, told", [
    ("lane", "cells", 1029, False), ("lane", "cells", 1031, True), ("lane", "cells", 969, True),
    ("lane", "flip_flops", 101, True), ("lane", "instances", 3, True),
    ("clock", "clock_mhz", 91, False), ("clock", "clock_mhz", 89, True)])
def test_figures_may_differ_by_their_tolerance(block, name, value, told):
    found = copy.deepcopy(FIGURES)
    found[block][name] = value
    assert [*differences(found, FIGURES)] == (
        [f"{block}: {name} {FIGURES[block][name]} -> {value}"] if told else [])


def test_new_and_missing_blocks_and_figures_are_told():
    found = {"lane": {"instances": 2, "cells": 1000}, "pool": {}, "clock": {"clock_mhz": 100}}
    assert [*differences(found, FIGURES)] == ["pool: new", "lane: flip_flops 100 -> None"]
