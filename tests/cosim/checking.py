"""What is wrong with what the RTL did for a case: every potential, spike time, score and count."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from algo.golden import infer
from cosim.compare import first_divergence
from cosim.prediction import Counting
from hw.counters import COUNTERS
from tests.cosim.batch import BatchError, Observed, run_batch
from tests.cosim.cases import Case
from tests.full_size.floor import layer_floors

__all__ = ["check", "differences"]

OPERATIONS = list(COUNTERS).index("synaptic_operations")


def check(cases: Sequence[Case], build_root: Path) -> dict[int, list[str]]:
    """Run cases of one design; return the differences of each by its number."""
    try:
        observed = run_batch(cases, build_root)
    except BatchError as error:
        if len(cases) == 1:
            return {cases[0].number: [str(error)]}
        alone = {}
        for case in cases:
            alone |= check([case], build_root)
        return alone if any(alone.values()) else {
            case.number: [f"{error}; each case alone passes"] for case in cases}
    return {case.number: differences(case, own)
            for case, own in zip(cases, observed, strict=True)}


def differences(case: Case, observed: Observed) -> list[str]:
    """Return a line for each difference, none if all is as it should be."""
    network = case.network
    golden = infer(network, case.images, trace=True)
    divergence = first_divergence([layer.name for layer in network.layers], golden.scores,
                                  observed.scores, golden.trace, observed.trace)
    found = [] if divergence is None else [str(divergence)]
    counting = Counting(case.program)
    for index, image in enumerate(case.images):
        times = {name.removesuffix(".time"): value[index]
                 for name, value in golden.trace.items() if name.endswith(".time")}
        counts = observed.counts[index]
        expected = counting.counts(image, times)
        for layer, counter in np.argwhere(expected != counts):
            found.append(
                f"image {index} layer {network.layers[layer].name} {list(COUNTERS)[counter]}: "
                f"expected {expected[layer, counter]}, found {counts[layer, counter]}")
        # Operations depend on network and image alone, not on the program.
        floors = layer_floors(network, image, times, case.design.lanes)
        for floor, operations in zip(floors, counts[:, OPERATIONS], strict=True):
            if operations != floor.operations.sum():
                found.append(f"image {index} layer {floor.name}: the network has "
                             f"{floor.operations.sum()} operations, found {operations}")
    return found
