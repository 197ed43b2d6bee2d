"""What time coding and log weights cost, and what training makes good: CIFAR-10, VGG-16.

    python -m docs.ablation_study BASE [--out DIR] [--images N] [--epochs N] [--log-epochs N]

BASE is the checkpoint of the stage ``clip`` of the recipe ``cifar10-vgg16``. Every row begins with
it, and is trained under the firing rule with numbers of its own, on N of the training images. The
control is trained as long, with time so fine that it is practically continuous, and converted to
the numbers of each row without training. All figures are of the 5,000 validation images; the test
part is not read. Rows that are done are not repeated. The tables are discussed in docs/results.md.
"""

import argparse
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from algo.coding import input_table, pixel_values
from algo.data import load_split
from algo.data.npz import write_arrays
from algo.models import in_form
from algo.training.checkpoint import load_checkpoint, model_of
from algo.training.collapse import counted_spikes
from algo.training.evaluation import predictions_of
from algo.training.recipe import Recipe
from algo.training.recipe_file import load_recipe
from algo.training.train import train
from cosim.console import progress
from docs.study import done_once, print_table, study_arguments

RECIPE = "cifar10-vgg16"
RATE, LOG_RATE = 0.02, 2e-4
WINDOWS = ((24, 4), (16, 4), (12, 2), (8, 2), (4, 1))
OFFSETS = (0.5, 0.0)
WEIGHT_BITS = (5, 4, 3)


@dataclass(frozen=True)
class Row:
    """A number format, and whether log weights are trained too."""

    window: int
    tau: int
    offset: float
    bits: int = 5
    trains_weights: bool = False

    @property
    def name(self) -> str:
        kind = "-log" if self.trains_weights else ""
        return f"T{self.window}-tau{self.tau}-delta{self.offset:g}-b{self.bits}{kind}"

    def recipe(self, arguments: argparse.Namespace) -> Recipe:
        """Return the recipe of the row's training: what follows the clip, without a teacher."""
        recipe = load_recipe(RECIPE, [
            f"name={self.name}", f"seed={arguments.seed}", "distillation.weight=0",
            f"threads={arguments.threads}",
            f"numbers.window={self.window}", f"numbers.steps_per_octave={self.tau}",
            f"numbers.threshold_offset={self.offset}", f"numbers.weight_bits={self.bits}",
            f"numbers.weight_steps_per_octave={min(2, self.tau)}"])
        stages = {stage.name: stage for stage in recipe.stages}
        if self.trains_weights:
            last = replace(stages["log"], epochs=arguments.log_epochs, learning_rate=LOG_RATE)
        else:
            last = replace(stages["time"], epochs=arguments.epochs, learning_rate=RATE,
                           window=0, steps_per_octave=0)
        return replace(recipe, stages=(stages["clip"], last))


# Rounds by 4 % at most, down to 2^(-15): a network that does not know what it will be coded in.
CONTROL = Row(window=124, tau=8, offset=0.5)


def main() -> None:
    parser = study_arguments(__doc__, "ablation")
    parser.add_argument("base", type=Path)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--log-epochs", type=int, default=1)
    parser.add_argument("--images", type=int, default=45_000)
    arguments = parser.parse_args()
    base = load_checkpoint(arguments.base)
    print(f"base: {base.stage}, epoch {base.epoch}, validation {base.accuracy['validation']:.2%}")
    arguments.reduced = reduced_data(arguments)
    control = measured(CONTROL, arguments)
    print(f"control: {control['trained']:.2%}")
    rows = [Row(window, tau, offset) for window, tau in WINDOWS for offset in OFFSETS]
    found = [measured(row, arguments) for row in rows]
    print_coding(rows, found)
    rows = [Row(16, 4, 0.5, bits, trains_weights=True) for bits in WEIGHT_BITS]
    print_weights(rows, [measured(row, arguments) for row in rows])


def reduced_data(arguments: argparse.Namespace) -> Path:
    """Return a data folder with so many images, all of the training part, to train on."""
    images, labels, _ = load_split("cifar10:train", data_dir=arguments.data)
    folder = arguments.out / "data"
    folder.mkdir(parents=True, exist_ok=True)
    # A tenth of them becomes the validation part of this folder, which is not looked at.
    kept = slice(0, min(len(images), arguments.images * 10 // 9))
    write_arrays(folder / "cifar10.npz", train_images=images[kept], train_labels=labels[kept],
                 test_images=images[:1], test_labels=labels[:1])
    return folder


def measured(row: Row, arguments: argparse.Namespace) -> dict:
    """Return accuracies of a row."""
    return done_once(arguments.out / row.name, partial(trained, row, arguments))


def trained(row: Row, arguments: argparse.Namespace, folder: Path) -> dict:
    """Train a row in its folder, and return what it came to."""
    recipe = row.recipe(arguments)
    # Log weights are trained from the time-coded network of the same row of the other table.
    initial = (time_coded(replace(row, bits=5, trains_weights=False), arguments)
               if row.trains_weights else arguments.base)
    with progress(row.name) as show:
        train(recipe, folder, data_dir=arguments.reduced, resume=True, initial=initial, test=False,
              progress=show)
    begin = load_checkpoint(time_coded(row, arguments) if not row.trains_weights else initial)
    control = load_checkpoint(time_coded(CONTROL, arguments))
    accuracy = partial(validation_accuracy, recipe, data_dir=arguments.data)
    shape, numbers, coded = begin.input_shape, recipe.numbers, model_of(begin)
    converted = in_form(model_of(control), "time", numbers, shape)
    result = {"converted": accuracy(converted), "trained": accuracy(coded),
              "converted_log": accuracy(in_form(converted, "log", numbers, shape)),
              "trained_log": accuracy(in_form(coded, "log", numbers, shape)),
              "spikes": spikes_per_neuron(recipe, coded, arguments)}
    if row.trains_weights:
        result["log_trained"] = accuracy(model_of(load_checkpoint(folder / "log.safetensors")))
    return result


def time_coded(row: Row, arguments: argparse.Namespace) -> Path:
    """Return the checkpoint of a row that was trained under the firing rule."""
    return arguments.out / row.name / "time.safetensors"


def validation_accuracy(recipe: Recipe, model: torch.nn.Module, *, data_dir: Path | None) -> float:
    images, labels, _ = load_split(f"{recipe.dataset}:validation", data_dir=data_dir)
    worth = pixel_values(input_table(recipe.coding, recipe.numbers), recipe.numbers)
    return float((predictions_of(model, worth, images) == labels).mean())


def spikes_per_neuron(recipe: Recipe, model: torch.nn.Module,
                      arguments: argparse.Namespace) -> float:
    """Return the fraction of neurons that fire, over 500 validation images, after pooling."""
    images = load_split(f"{recipe.dataset}:validation", data_dir=arguments.data).images[:500]
    worth = pixel_values(input_table(recipe.coding, recipe.numbers), recipe.numbers)
    with counted_spikes(model) as count:
        predictions_of(model, worth, images)
    return count.mean()


def print_coding(rows: list[Row], found: list[dict]) -> None:
    print()
    print_table(["T", "τ", "δ", "control, converted", "trained", "control, 5-bit weights",
                 "trained, 5-bit weights", "spikes per neuron"], [
        [str(row.window), str(row.tau), f"{row.offset:g}", f"{entry['converted']:.2%}",
         f"{entry['trained']:.2%}", f"{entry['converted_log']:.2%}", f"{entry['trained_log']:.2%}",
         f"{entry['spikes']:.2f}"] for row, entry in zip(rows, found, strict=True)])


def print_weights(rows: list[Row], found: list[dict]) -> None:
    print()
    print_table(["bits", "control, converted", "trained time-coded, converted",
                 "weights trained too"], [
        [str(row.bits), f"{entry['converted_log']:.2%}", f"{entry['trained_log']:.2%}",
         f"{entry['log_trained']:.2%}"] for row, entry in zip(rows, found, strict=True)])


if __name__ == "__main__":
    main()
