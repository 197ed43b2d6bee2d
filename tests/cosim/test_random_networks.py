"""Random networks on random processors: the RTL against the golden model, bit by bit."""

import numpy as np
import pytest

from algo.golden import infer
from cosim.compare import first_divergence
from cosim.simulator import simulate
from hw.compiler import compile_network
from hw.counters import COUNTERS
from tests.cosim.counting import expected_counts
from tests.cosim.designs import DESIGNS
from tests.networks import random_images, random_network

NETWORKS_PER_DESIGN = 9
IMAGES = 4

pytestmark = pytest.mark.rtl


def cases():
    """One parameter for each network; those of one design share a worker, and so its model."""
    for index, design in enumerate(DESIGNS):
        for offset in range(NETWORKS_PER_DESIGN):
            seed = index * NETWORKS_PER_DESIGN + offset
            yield pytest.param(design, seed, id=f"{design.name}-seed{seed}",
                               marks=pytest.mark.xdist_group(design.name))


@pytest.mark.parametrize("design, seed", list(cases()))
def test_rtl_equals_golden(design, seed, build_root):
    network = random_network(seed, numbers=design.numbers, most_kernel=design.max_kernel)
    images = random_images(seed, network, IMAGES)
    program = compile_network(network, design)
    golden = infer(network, images, trace=True)

    rtl = simulate(program, images, trace=True, build_root=build_root)

    assert rtl.trace.keys() == golden.trace.keys()
    assert first_divergence([layer.name for layer in network.layers], golden.scores, rtl.scores,
                            golden.trace, rtl.trace) is None
    for image in range(IMAGES):
        times = {name.removesuffix(".time"): value[image]
                 for name, value in golden.trace.items() if name.endswith(".time")}
        expected = expected_counts(program, images[image], times)
        differing = np.argwhere(expected != rtl.counts[image])
        assert not len(differing), [
            (network.layers[layer].name, list(COUNTERS)[counter], expected[layer, counter],
             rtl.counts[image, layer, counter]) for layer, counter in differing]
