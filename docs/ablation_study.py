"""What time coding and log weights cost, and what training makes good: CIFAR-10, VGG-16.

    python -m docs.ablation_study BASE [--out DIR] [--images N] [--epochs N] [--log-epochs N]

BASE is the checkpoint of the stage ``clip`` of the recipe ``cifar10-vgg16``. Every row begins with
it, and is trained under the firing rule with numbers of its own, on N of the training images. All
figures are of the 5,000 validation images; the test part is not read. Rows that are done are not
repeated. The tables are discussed in docs/results.md.
"""

import argparse
import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from algo.coding import input_table, pixel_values
from algo.data import load_split
from algo.data.npz import write_arrays
from algo.models import in_form
from algo.neuron import TimeCoded
from algo.training.checkpoint import Checkpoint, load_checkpoint, model_of
from algo.training.evaluation import predictions_of
from algo.training.recipe import Recipe
from algo.training.recipe_file import load_recipe
from algo.training.train import train
from hw.network import write_whole
from hw.numbers import NumberFormat

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
        return f"T{self.window}-tau{self.tau}-delta{self.offset:g}-b{self.bits}"

    def recipe(self, arguments: argparse.Namespace) -> Recipe:
        """Return the recipe of the row's training: what follows the clip, without a teacher."""
        recipe = load_recipe(RECIPE, [
            f"name={self.name}", f"seed={arguments.seed}", "distillation.weight=0", "threads=1",
            f"numbers.window={self.window}", f"numbers.steps_per_octave={self.tau}",
            f"numbers.threshold_offset={self.offset}", f"numbers.weight_bits={self.bits}",
            f"numbers.weight_steps_per_octave={min(2, self.tau)}"])
        stages = {stage.name: stage for stage in recipe.stages}
        if self.trains_weights:
            last = replace(stages["log"], epochs=arguments.log_epochs, learning_rate=LOG_RATE)
        else:
            last = replace(stages["time"], epochs=arguments.epochs, learning_rate=RATE)
        return replace(recipe, stages=(stages["clip"], last))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", type=Path)
    parser.add_argument("--out", type=Path, default=Path("sim_build/ablation"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--log-epochs", type=int, default=1)
    parser.add_argument("--images", type=int, default=45_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    base = load_checkpoint(arguments.base)
    print(f"base: {base.stage}, epoch {base.epoch}, validation {base.accuracy['validation']:.2%}")
    arguments.reduced = reduced_data(arguments)
    rows = [Row(window, tau, offset) for window, tau in WINDOWS for offset in OFFSETS]
    found = [measured(row, base, arguments) for row in rows]
    print_coding(rows, found)
    rows = [Row(16, 4, 0.5, bits, trains_weights=True) for bits in WEIGHT_BITS]
    print_weights(rows, [measured(row, base, arguments) for row in rows])


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


def measured(row: Row, base: Checkpoint, arguments: argparse.Namespace) -> dict:
    """Return accuracies of a row, from its folder if it is done."""
    folder = arguments.out / f"{row.name}{'-log' if row.trains_weights else ''}"
    done = folder / "row.json"
    if done.exists():
        return json.loads(done.read_text())
    recipe = row.recipe(arguments)
    accuracy = partial(validation_accuracy, recipe, data_dir=arguments.data)
    unconverted = in_form(model_of(base), "time", recipe.numbers, base.input_shape)
    result = {"unconverted": accuracy(unconverted)}
    if row.trains_weights:
        result["unconverted_log"] = accuracy(logarithmic(unconverted, recipe.numbers, base))
        # The time-coded network is that of the same row in the other table.
        initial = arguments.out / Row(row.window, row.tau, row.offset).name / "time.safetensors"
    else:
        initial = arguments.base
    train(recipe, folder, data_dir=arguments.reduced, resume=True, initial=initial, test=False,
          progress=show)
    time = model_of(load_checkpoint(initial if row.trains_weights else folder / "time.safetensors"))
    result["trained"], result["spikes"] = accuracy(time), spikes_per_neuron(recipe, time, arguments)
    result["trained_log"] = accuracy(logarithmic(time, recipe.numbers, base))
    if row.trains_weights:
        result["log_trained"] = accuracy(model_of(load_checkpoint(folder / "log.safetensors")))
    write_whole(done, json.dumps(result).encode())
    print(row.name, result, flush=True)
    return result


def logarithmic(model: torch.nn.Module, numbers: NumberFormat, base: Checkpoint):
    """Return the model with log weights that were not trained."""
    return in_form(model, "log", numbers, base.input_shape)


def validation_accuracy(recipe: Recipe, model: torch.nn.Module, *, data_dir: Path | None) -> float:
    images, labels, _ = load_split(f"{recipe.dataset}:validation", data_dir=data_dir)
    worth = pixel_values(input_table(recipe.coding, recipe.numbers), recipe.numbers)
    return float((predictions_of(model, worth, images) == labels).mean())


def spikes_per_neuron(recipe: Recipe, model: torch.nn.Module,
                      arguments: argparse.Namespace) -> float:
    """Return the fraction of neurons that fire, over 500 validation images, after pooling."""
    images = load_split(f"{recipe.dataset}:validation", data_dir=arguments.data).images[:500]
    worth, counts = pixel_values(input_table(recipe.coding, recipe.numbers), recipe.numbers), []
    for module in model.modules():
        if isinstance(module, TimeCoded):
            module.register_forward_hook(
                lambda _, __, worth: counts.append((int((worth > 0).sum()), worth.numel())))
    predictions_of(model, worth, images)
    return sum(fired for fired, _ in counts) / sum(neurons for _, neurons in counts)


def print_coding(rows: list[Row], found: list[dict]) -> None:
    print("\n| T | τ | δ | unconverted | after training | + 5-bit weights, not trained "
          "| spikes per neuron |\n|---|---|---|---|---|---|---|")
    for row, entry in zip(rows, found, strict=True):
        print(f"| {row.window} | {row.tau} | {row.offset:g} | {entry['unconverted']:.2%} | "
              f"{entry['trained']:.2%} | {entry['trained_log']:.2%} | {entry['spikes']:.2f} |")


def print_weights(rows: list[Row], found: list[dict]) -> None:
    print("\n| bits | unconverted, weights not trained | time-coded | weights not trained "
          "| weights trained |\n|---|---|---|---|---|")
    for row, entry in zip(rows, found, strict=True):
        print(f"| {row.bits} | {entry['unconverted_log']:.2%} | {entry['trained']:.2%} | "
              f"{entry['trained_log']:.2%} | {entry['log_trained']:.2%} |")


def show(done: int, total: int, text: str) -> None:
    if done % 50 == 0:
        print(f"{done}/{total} {text}", flush=True)


if __name__ == "__main__":
    main()
