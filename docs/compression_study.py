"""What compression costs in accuracy, by structure, density and method: CIFAR-10, VGG-16.

    python -m docs.compression_study [--epochs N] [--only TEXT] [--out DIR] [--seed N]

Every row begins with the shipped dense network ``zoo:cifar10-vgg16``, which is its teacher too, and
trains the stage ``time`` of the recipe ``cifar10-vgg16-33x`` for N short epochs, compressed in its
own way; the dense row likewise, as a control. Accuracies are those of the time-coded networks with
float weights on the test part, which is read once when a row is done. Rows that are done are not
repeated. The tables are discussed in docs/compression.md.
"""

from argparse import Namespace
from dataclasses import dataclass, replace
from pathlib import Path

from algo.compression.settings import DENSE, Compression
from algo.training.checkpoint import load_checkpoint
from algo.training.recipe import Recipe
from algo.training.recipe_file import load_recipe
from algo.training.train import train
from cosim.console import progress
from docs.study import done_once, error_of, print_table, study_arguments

RECIPE, BASE = "cifar10-vgg16-33x", "zoo:cifar10-vgg16"
TEST_IMAGES = 10_000
# Lanes for which a balanced network is: those of the configuration `vgg`.
LANES = 64
# With what the rows of docs/compression.md were measured, in place of the recipe's own.
SHORT = ("precision=float32", "activity.weight=0", "stages.time.images=11250",
         "stages.time.learning_rate=0.02")
# Part of a short training after which a row has its density: later than in a long one.
UNTIL = 0.6


@dataclass(frozen=True)
class Row:
    """A way to compress; ``times`` is by how much, 1 for the dense control."""

    times: int
    structure: str = "irregular"
    method: str = "attention"

    @property
    def name(self) -> str:
        return f"{self.times}x-{self.structure}-{self.method}" if self.times > 1 else "dense"

    def recipe(self, arguments: Namespace) -> Recipe:
        recipe = load_recipe(RECIPE, [*SHORT, f"name={self.name}", f"seed={arguments.seed}",
                                      f"threads={arguments.threads}"])
        stage = next(stage for stage in recipe.stages if stage.form == "time")
        recipe = replace(recipe, stages=(replace(stage, epochs=arguments.epochs),))
        return replace(recipe, compression=self.compression(recipe.compression))

    def compression(self, shipped: Compression) -> Compression:
        if self.times == 1:
            return DENSE
        density = 1 / self.times
        return replace(                             # half of what goes, goes before the first step
            shipped, density=density, begin=(1 + density) / 2, until=UNTIL,
            structure=self.structure, method=self.method,
            attention=shipped.attention if self.method == "attention" else 0.0,
            lanes=LANES if self.structure == "balanced" else 0,
            drop=0.0 if self.method == "random" else shipped.drop)      # none comes back


ROWS = (Row(1), Row(33), Row(33, method="magnitude"), Row(33, method="random"),
        Row(33, "balanced"), Row(10), Row(60), Row(100), Row(2, "channel"), Row(4, "channel"))


def main() -> None:
    parser = study_arguments(__doc__, "compression")
    parser.add_argument("--epochs", type=int, default=4, help="short epochs of each row")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows whose name has this text")
    arguments = parser.parse_args()
    rows = [row for row in ROWS if arguments.only in row.name]
    print_rows(rows, [measured(row, arguments) for row in rows])


def measured(row: Row, arguments: Namespace) -> dict:
    """Return what a row came to."""
    def make(folder: Path) -> dict:
        with progress(row.name) as show:
            result = train(row.recipe(arguments), folder, data_dir=arguments.data, resume=True,
                           initial=BASE, progress=show)
        checkpoint = load_checkpoint(folder / "time.safetensors")
        masks = checkpoint.part("mask")
        return {"test": result.accuracy["time_coded"], "weights": _weights(masks),
                "validation": checkpoint.accuracy["validation"],
                "density": {name: float(mask.mean()) for name, mask in masks.items()}}
    return done_once(arguments.out / f"{row.name}-{arguments.epochs}-seed{arguments.seed}", make)


def _weights(masks: dict) -> int:
    return sum(int(mask.count_nonzero()) for mask in masks.values())


def print_rows(rows: list[Row], found: list[dict]) -> None:
    print_table(["network", "method", "weights", "validation", "test"], [
        [f"{row.times}x {row.structure}" if row.times > 1 else "dense",
         row.method if row.times > 1 else "", f"{entry['weights']:,}",
         f"{entry['validation']:.2%}",
         f"{entry['test']:.2%} ± {100 * error_of(entry['test'], TEST_IMAGES):.2f}"]
        for row, entry in zip(rows, found, strict=True)])
    print()
    names = list(found[0]["density"])
    print_table(["density", *names], [
        [row.name, *(f"{100 * entry['density'][name]:.3g} %" for name in names)]
        for row, entry in zip(rows, found, strict=True)])


if __name__ == "__main__":
    main()
