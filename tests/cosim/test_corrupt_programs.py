"""Programs with words overwritten end, in a fault with a code or with scores; none hangs."""

import random
import re
from dataclasses import replace

import numpy as np
import pytest

from cosim import execution
from cosim.execution import SimulationError, execute
from cosim.model import build_model
from hw.compiler import Packet, compile_network
from hw.layout import Fault, Target
from tests.cosim.designs import DESIGNS
from tests.networks import random_images, random_network

DESIGN = DESIGNS[0]
CASES = 24
# More than any walk over all of the processor's memories takes.
CYCLES = 1 << 25
# How the cases so far have ended.
ENDS = {}

pytestmark = [pytest.mark.rtl, pytest.mark.xdist_group(DESIGN.name)]


def corrupted(packets: tuple[Packet, ...], rng: random.Random) -> tuple[Packet, ...]:
    """Return packets of which one has 32 random bits, mostly one of the instructions."""
    wanted = (Target.INSTRUCTION,) if rng.random() < 0.7 else (Target.POINTER, Target.WEIGHT)
    index = rng.choice([n for n, packet in enumerate(packets) if packet.target in wanted])
    words = packets[index].words.copy()
    place = tuple(rng.randrange(size) for size in words.shape)
    words[place] = np.uint32(rng.getrandbits(32))
    return (*packets[:index], replace(packets[index], words=words), *packets[index + 1:])


@pytest.mark.parametrize("seed", range(CASES))
def test_a_corrupt_program_never_hangs(seed, build_root, tmp_path, monkeypatch):
    print(f"seed {seed}")
    rng = random.Random(seed)
    network = random_network(seed, numbers=DESIGN.numbers, neuron="ttfs", most_kernel=3)
    program = compile_network(network, DESIGN)
    program = replace(program, packets=corrupted(program.packets, rng))
    monkeypatch.setattr(execution, "cycle_limit", lambda program: CYCLES)

    try:
        execute(build_model(DESIGN, build_root), program, random_images(seed, network, 1),
                tmp_path, outputs=("readout",))
        end = "scores"
    except SimulationError as error:
        found = re.search("fault ([A-Z]+)", str(error))
        assert found, error
        end = Fault[found[1]].name
    ENDS[end] = ENDS.get(end, 0) + 1


def test_ends_of_all_kinds_were_seen():
    if sum(ENDS.values()) < CASES:
        pytest.skip("only some of the cases ran")
    assert "scores" in ENDS and len(ENDS) >= 3, ENDS
