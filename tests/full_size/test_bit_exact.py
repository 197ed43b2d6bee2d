"""Networks of real shape: the RTL against the golden model, every potential and spike."""

import pytest

from tests.full_size.cases import CASES, run

pytestmark = [pytest.mark.full_size, pytest.mark.xdist_group("full size")]

# What random masks may cost beyond the floor, and what masks that are balanced over the lanes may.
RANDOM, BALANCED = 1.20, 1.10


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_rtl_equals_golden(case, build_root):
    result = run(case, build_root)

    assert result.divergence is None
    operations = [sum(image[layer].operations.sum() for image in result.floors) / case.images
                  for layer in range(len(result.program.layers))]
    assert result.counts("synaptic_operations").tolist() == operations
    if case.density < 1 and case.shape == "vgg16" and not case.options.get("neuron"):
        limit = BALANCED if "balanced_lanes" in case.options else RANDOM
        assert result.counts("cycles").sum() <= limit * result.floor_cycles.sum()
