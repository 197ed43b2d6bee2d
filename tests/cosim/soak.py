"""Any number of random networks against the golden model: ``make soak N=1000 SEED=1``.

Case n is the same each time. Stops at the first simulation, of up to twenty cases of one processor,
in which anything differs, and prints for each of these the command that repeats it alone.
"""

import argparse
import secrets
import sys
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

from tests.cosim.cases import features, make_case
from tests.cosim.checking import check
from tests.cosim.designs import DESIGNS

# Cases that share a simulation.
BATCH = 20
BUILD_ROOT = Path(__file__).resolve().parents[2] / "sim_build"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="number of networks")
    parser.add_argument("--seed", type=int, help="number of the first, by default a random one")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    if options.count < 1:
        parser.error(f"--count must be at least 1, not {options.count}")
    first = secrets.randbelow(10**9) if options.seed is None else options.seed
    print(f"cases {first} to {first + options.count - 1}", flush=True)
    census, done = Counter(), 0
    with get_context("spawn").Pool(options.processes) as pool:
        for cases, found, reports in pool.imap_unordered(
                run, batches(range(first, first + options.count))):
            census.update(found)
            done += cases
            print(f"{done} of {options.count} cases", flush=True)
            if reports:
                print("\n".join(reports))
                return 1
    print("\n".join(f"{count:5} {name}" for name, count in census.items()))
    return 0


def batches(numbers: range) -> Iterator[range]:
    """Cut case numbers into what shares a processor and a simulation."""
    each = BATCH * len(DESIGNS)
    for start in range(0, len(numbers), each):
        part = numbers[start:start + each]
        yield from (part[index::len(DESIGNS)] for index in range(min(len(DESIGNS), len(part))))


def run(numbers: range) -> tuple[int, Counter, list[str]]:
    """Check cases of one design; return how many, what they exercise, and reports of failures."""
    cases = [make_case(number) for number in numbers]
    census = Counter()
    for case in cases:
        census.update(features(case))
    found = check(cases, BUILD_ROOT)
    return len(cases), census, [
        case.report(found[case.number]) for case in cases if found[case.number]]


if __name__ == "__main__":
    sys.exit(main())
