"""The watchdog's limits: above what any image can take, and not absurdly so."""

import numpy as np
import pytest

from cosim.prediction import predict
from cosim.watchdog import cycle_limit, load_limit
from hw.compiler import compile_network
from hw.counters import COUNTERS
from tests.cosim.designs import DESIGNS
from tests.networks import random_images, random_network

CYCLES = list(COUNTERS).index("cycles")


@pytest.mark.parametrize("index", range(4 * len(DESIGNS)))
def test_no_image_takes_longer(index):
    design = DESIGNS[index % len(DESIGNS)]
    network = random_network(index, numbers=design.numbers, most_kernel=design.max_kernel)
    images = random_images(index, network, 2)
    program = compile_network(network, design)
    cycles = predict(program, images).counts[:, :, CYCLES].sum(axis=1)
    assert cycles.max() < cycle_limit(program), f"seed {index}"


def test_loading_may_take_a_header_for_each_beat():
    assert 10_000 * 2 < load_limit(np.zeros((10_000, 4), np.uint32)) < 10_000 * 10
