"""Measures how long models take to build and how fast they run, and prints a table.

Then those of the golden model and of training follow, unless configurations are named.
Seconds are those of the processor, children included; a build uses two cores. Nothing is compared
with anything.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

import cosim.model
from cosim.harness import Harness
from cosim.model import TOP, build_model
from cosim.simulator import simulate
from hw.compiler import compile_network
from hw.config import load_configuration
from hw.emit import to_verilog
from hw.network import Network
from hw.numbers import NumberFormat
from tests.bench import golden, training
from tests.full_size.images import smooth_images
from tests.full_size.networks import vgg16
from tests.networks import random_network

HEAD = ("processor", "network", "Verilog lines", "emit s", "build s", "reused s", "load cycles",
        "start and load s", "image cycles", "cycles / s")
SEED = 11


def small() -> Network:
    """Return a network that fits every configuration."""
    return random_network(SEED, numbers=NumberFormat(), most_side=6)


# Configuration -> network, and images to time.
CASES = {"tiny": (small, 300), "demo": (small, 300), "vgg": (lambda: vgg16(0.03), 3),
         "vgg-dense": (lambda: vgg16(1.0), 1)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("configs", nargs="*", metavar="CONFIG",
                        help=f"configurations, of {', '.join(CASES)}; by default all")
    parser.add_argument("--optimise", default=cosim.model.OPTIMISATION, metavar="FLAGS",
                        help="compiler flags of the simulated cycle (%(default)s)")
    options = parser.parse_args()
    for name in set(options.configs) - CASES.keys():
        parser.error(f"CONFIG must be one of {', '.join(CASES)}, not {name}")
    cosim.model.OPTIMISATION = options.optimise
    Path("sim_build").mkdir(exist_ok=True)
    print_row(HEAD)
    print_row(["---"] * len(HEAD))
    with tempfile.TemporaryDirectory(prefix="bench-", dir="sim_build") as folder:
        for config in options.configs or CASES:
            print_row(measure(config, Path(folder)))
    if not options.configs:
        print()
        golden.main()
        print()
        training.main([])
    return 0


def measure(config: str, build_root: Path) -> list[str]:
    """Return one row of the table; the first one also pays for what all models share."""
    make_network, count = CASES[config]
    network = make_network()
    processor = load_configuration(config, network.numbers)
    program = compile_network(network, processor)
    images = smooth_images(SEED, 1 + count, tuple(network.input_shape))

    text, emit = timed(lambda: to_verilog(Harness(processor), TOP))
    _, build = timed(lambda: build_model(processor, build_root))
    reused = build_model(processor, build_root).build_seconds
    first, one = timed(lambda: simulate(program, images[:1], build_root=build_root))
    every, several = timed(lambda: simulate(program, images, build_root=build_root))
    rate = (every.clock_cycles - first.clock_cycles) / (several - one)
    return [config, network.name, f"{text.count(chr(10)):,}", f"{emit:.1f}", f"{build:.1f}",
            f"{reused:.2f}", f"{len(program.load_words):,}",
            f"{one - first.clock_cycles / rate:.1f}", f"{every.clock_cycles / len(images):,.0f}",
            f"{rate:,.0f}"]


def timed(work):
    """Return what ``work`` returns, and the seconds of the processor that it took."""
    before = _seconds()
    return work(), _seconds() - before


def _seconds() -> float:
    return sum(usage.ru_utime + usage.ru_stime
               for usage in (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)))


def print_row(cells) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
