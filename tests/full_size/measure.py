"""Runs every full-size case on the RTL and prints the tables of ``docs/full-size.md``.

Or network files on real images: ``--network zoo:NAME --images cifar10:test -n 2 --config vgg``.
"""

import argparse
import sys
from pathlib import Path

from tests.full_size.cases import CASES, Case, Result, TrainedCase, run

HEAD = ("network", "processor", "bit-exact", "cycles", "cycles / floor", "utilisation",
        "synaptic operations", "events", "streamed bits", "build s", "run s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name has this text")
    parser.add_argument("--layers", action="store_true", help="a table of the layers of each, too")
    parser.add_argument("--build-root", type=Path, default=Path("sim_build"))
    parser.add_argument("--network", action="append", default=[], metavar="FILE")
    parser.add_argument("--images", default="cifar10:test", metavar="SPLIT")
    parser.add_argument("-n", type=int, default=2)
    parser.add_argument("--config", default="vgg")
    options = parser.parse_args()
    cases = [TrainedCase(file=file, split=options.images, config=options.config, images=options.n)
             for file in options.network]
    cases = cases or [case for case in CASES if options.only in case.name]
    if not cases:
        parser.error(f"--only must be part of one of: {', '.join(case.name for case in CASES)}")
    print_row(HEAD)
    print_row(["---"] * len(HEAD))
    results = []
    for case in cases:
        results.append(run(case, options.build_root))
        print_row(summary(case, results[-1]))
    if options.layers:
        for result in results:
            print_layers(result)
    return int(any(result.divergence is not None for result in results))


def summary(case: Case | TrainedCase, result: Result) -> list[str]:
    """Return one row: means over the images, seconds for all of them."""
    cycles, floor = result.counts("cycles").sum(), result.floor_cycles.sum()
    operations = result.counts("synaptic_operations").sum()
    exact = f"{case.images} of {case.images}" if result.divergence is None else str(
        result.divergence)
    return [case.name, case.config, exact, f"{cycles:,.0f}", f"{cycles / floor:.3f}",
            f"{operations / result.program.config.lanes / cycles:.2f}", f"{operations:,.0f}",
            f"{result.counts('events').sum():,.0f}",
            f"{result.counts('dram_read_bits').sum():,.0f}",
            f"{result.simulation.build_seconds:.0f}", f"{result.simulation.run_seconds:.1f}"]


def print_layers(result: Result) -> None:
    """Print the layers of one case."""
    print(f"\n**{result.case.name}**\n")
    print_row(("layer", "cycles", "cycles / floor", "utilisation", "operations", "events"))
    print_row(["---"] * 6)
    lanes = result.program.config.lanes
    for layer, cycles, floor, operations, events in zip(
            result.program.layers, result.counts("cycles"), result.floor_cycles,
            result.counts("synaptic_operations"), result.counts("events"), strict=True):
        print_row((layer.name, f"{cycles:,.0f}", f"{cycles / floor:.2f}",
                   f"{operations / lanes / cycles:.2f}", f"{operations:,.0f}", f"{events:,.0f}"))


def print_row(cells) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
