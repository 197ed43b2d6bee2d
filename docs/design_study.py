"""What each step from one design to the next gives one network: energy, cycles, area, accuracy.

    python -m docs.design_study FILE [--images N] [--test N] [--out DIR]

FILE is a network file or ``zoo:NAME`` of CIFAR-10, such as ``zoo:cifar10-vgg16-33x``. The steps add
up: each row has what the rows above it changed. Energy, cycles and utilisation are predicted for N
test images; accuracies are those of the integers on the test part. docs/design.md discusses the
table.
"""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from algo.data import load_split
from algo.golden import infer_events
from algo.precision import with_precision
from algo.truncation import KNOWN
from algo.zoo import network_path
from cosim.energy import load_table
from cosim.measures import measures
from cosim.prediction import predict
from docs.study import done_once, error_of, print_table, study_arguments
from hw.compiler import compile_network
from hw.config import CONFIGURATIONS, Configuration
from hw.network import Network, load_network

DATA = "cifar10"
SMALL = ("weight_depth", "weight_buffer_depth", "pointer_depth", "spike_depth", "pixel_depth",
         "instruction_depth", "lanes")


@dataclass(frozen=True)
class Step:
    """A change of the network, or of the processor."""

    name: str
    title: str
    network: Callable[[Network, dict], Network] = lambda network, known: network
    processor: Callable[[Configuration], Configuration] = lambda processor: processor


def compact(processor: Configuration, fields: tuple[str, ...]) -> Configuration:
    """Return a processor with some sizes of ``compact``."""
    small = CONFIGURATIONS["compact"]
    return replace(processor, name="study", **{name: getattr(small, name) for name in fields})


def written(**form) -> Callable[[Network, dict], Network]:
    """Return what writes a network with other bits or another coding."""
    return lambda network, known: with_precision(network, **form, **known)


STEPS = (
    Step("shipped", "the network as it is, 64 lanes (`vgg`)"),
    Step("products14", "products of 14 bits, potentials of 24",
         network=written(product_bits=14, potential_bits=24)),
    Step("products10", "products of 10 bits, potentials of 20",
         network=written(product_bits=10, potential_bits=20)),
    Step("potentials", "256 potentials in a lane instead of 1,024",
         processor=lambda processor: compact(processor, ("potential_depth",))),
    Step("lanes", "32 lanes, and all other memories as small (`compact`)",
         processor=lambda processor: compact(processor, SMALL)),
    Step("greedy3", "pixels of at most 3 events (`greedy3`), not up to 8",
         network=written(coding="greedy3")),
    Step("greedy2", "pixels of at most 2 events (`greedy2`)", network=written(coding="greedy2")),
    Step("products8", "products of 8 bits, potentials of 16",
         network=written(product_bits=8, potential_bits=16)))


def main() -> None:
    parser = study_arguments(__doc__, "design")
    parser.add_argument("file")
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--test", type=int, default=10000)
    arguments = parser.parse_args()
    path = network_path(arguments.file)
    training = load_split(f"{DATA}:train", data_dir=arguments.data)
    network, processor = load_network(path), CONFIGURATIONS["vgg"]
    known = {"images": training.images[:KNOWN]} if network.neuron == "ttfs" else {}
    rows = []
    for step in STEPS:
        before, network = network, step.network(network, known)
        processor = replace(step.processor(processor), numbers=network.numbers)
        rows.append(done_once(arguments.out / f"{path.name.split('.')[0]}-{step.name}", row_maker(
            network, processor, arguments, rows[-1] if rows and network is before else None)))
    print_rows(rows)


def row_maker(network: Network, processor: Configuration, arguments: Namespace,
              same_network: dict | None) -> Callable[[Path], dict]:
    """Return what makes a row; ``same_network`` is a row that has the accuracy, if there is one."""
    def make(folder: Path) -> dict:
        test = load_split(f"{DATA}:test", data_dir=arguments.data)
        images, labels = test.images[:arguments.test], test.labels[:arguments.test]
        accuracy = same_network["test"] if same_network else float(
            (infer_events(network, images, threads=arguments.threads).predictions == labels).mean())
        found = predict(compile_network(network, processor), images[:arguments.images],
                        threads=arguments.threads)
        result = measures(network, processor, load_table(), found.counts.mean(axis=0))
        folder.mkdir(parents=True, exist_ok=True)
        return {"test": accuracy, "test_images": len(labels), "images": len(found.counts)} | {
            key: result[key] for key in ("energy_uj", "utilisation", "counts", "area_mm2")}
    return make


def print_rows(rows: list[dict]) -> None:
    parts = ("compute", "weight_memory", "potential_memory", "control")
    print_table(
        ["change", "test", "µJ on chip", "with DRAM", *(part.split("_")[0] for part in parts),
         "cycles", "operations", "utilised", "mm²"],
        [[step.title, f"{row['test']:.2%} ± {100 * error_of(row['test'], row['test_images']):.2f}",
          f"**{row['energy_uj']['total_on_chip']:.1f}**", f"{row['energy_uj']['total']:.1f}",
          *(f"{row['energy_uj'][part]:.1f}" for part in parts), f"{row['counts']['cycles']:,.0f}",
          f"{row['counts']['synaptic_operations'] / 1e6:.2f} M", f"{row['utilisation']:.0%}",
          f"{row['area_mm2']['total']:.2f}"]
         for step, row in zip(STEPS, rows, strict=True)])


if __name__ == "__main__":
    main()
