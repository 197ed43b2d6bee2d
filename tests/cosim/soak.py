"""Any number of random networks against the golden model: ``make soak N=1000 SEED=1``.

Case n is the same for ever on the same sources. Stops after the first round with a failure and
prints for each case that fails the command that repeats it.
"""

import argparse
import secrets
import sys
from collections import Counter
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
    first = secrets.randbelow(10**9) if options.seed is None else options.seed
    numbers = range(first, first + options.count)
    print(f"cases {numbers[0]} to {numbers[-1]}", flush=True)
    census, done, each = Counter(), 0, BATCH * len(DESIGNS)
    with get_context("spawn").Pool(min(options.processes, options.count)) as pool:
        for start in range(0, len(numbers), each):
            part = numbers[start:start + each]
            batches = [part[index::len(DESIGNS)] for index in range(min(len(DESIGNS), len(part)))]
            reports = []
            for found, failures in pool.imap_unordered(run, batches):
                census.update(found)
                reports += failures
            done += len(part)
            print(f"{done} cases, {len(reports)} of the last {len(part)} fail", flush=True)
            if reports:
                print("\n".join(reports))
                return 1
    print("\n".join(f"{count:5} {name}" for name, count in census.items()))
    return 0


def run(numbers: range) -> tuple[Counter, list[str]]:
    """Check cases of one design; return what they exercise, and a report of each that fails."""
    cases = [make_case(number) for number in numbers]
    census = Counter()
    for case in cases:
        census.update(features(case))
    found = check(cases, BUILD_ROOT)
    return census, [case.report(found[case.number]) for case in cases if found[case.number]]


if __name__ == "__main__":
    sys.exit(main())
