"""Random networks on random processors: the RTL against the golden model, bit by bit.

And every counter, cycles included, against what is worked out from trace and program.
"""

from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest

from tests.cosim.cases import features, make_case
from tests.cosim.checking import check
from tests.cosim.designs import DESIGNS

NETWORKS_PER_DESIGN = 20
CASES = range(NETWORKS_PER_DESIGN * len(DESIGNS))

_case = lru_cache(maxsize=None)(make_case)


def parameters():
    """One parameter for each network; those of one design share a worker, and one simulation."""
    for index, design in enumerate(DESIGNS):
        for number in CASES[index::len(DESIGNS)]:
            yield pytest.param(number, id=f"{design.name}-seed{number}",
                               marks=pytest.mark.xdist_group(design.name))


@lru_cache(maxsize=1)
def outcomes(index: int, build_root: Path) -> dict[int, list[str]]:
    """Return the differences of all cases of a design."""
    return check([_case(number) for number in CASES[index::len(DESIGNS)]], build_root)


@pytest.mark.rtl
@pytest.mark.parametrize("number", list(parameters()))
def test_rtl_equals_golden(number, build_root):
    found = outcomes(number % len(DESIGNS), build_root)[number]
    if found:
        pytest.fail(_case(number).report(found), pytrace=False)


def test_every_part_of_the_processor_is_used():
    census, refused = Counter(), 0
    for number in CASES:
        case = _case(number)
        census.update(features(case))
        refused += case.refused
    print(f"{len(CASES)} networks on {len(DESIGNS)} processors, {refused} others did not fit")
    for name, count in census.items():
        print(f"{count:5} {name}")
    assert min(census.values()) > 0, [name for name, count in census.items() if not count]
    assert refused <= len(CASES) // 20
