"""What accuracy a penalty on spikes costs, and how many synaptic operations it saves.

    python -m docs.activity_study BASE [--weights W …] [--reach R] [--epochs N] [--out DIR]

BASE is a checkpoint of a form before ``log``, of any recipe. Every row begins with it and trains
the stages of its recipe that are left, with a penalty of its own (0: without). Accuracy, operations
and spikes are those of the exported integers, on validation images; the test part is not read. Rows
that are done are not repeated. docs/operations.md tells more.
"""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from algo.data import load_split
from algo.operations.counting import count_operations
from algo.training.checkpoint import Checkpoint, load_checkpoint
from algo.training.recipe import Recipe
from algo.training.recipe_parts import Activity, Distillation
from algo.training.train import train
from cosim.console import progress
from docs.study import done_once, print_table, study_arguments

WEIGHTS = (0.0, 0.3, 1.0, 3.0, 10.0, 30.0)
WITH, WITHOUT, LINE = "#1f5fa8", "#b5451b", "#d8dde3"
SETTINGS = {"svg.hashsalt": "firstspike"}


def main() -> None:
    parser = study_arguments(__doc__, "activity")
    parser.add_argument("base", type=Path)
    parser.add_argument("--weights", type=float, nargs="+", default=WEIGHTS)
    parser.add_argument("--reach", type=float, default=Activity.reach)
    parser.add_argument("--epochs", type=int, help="of each stage (default: those of the recipe)")
    parser.add_argument("--teacher", type=Path, help="checkpoint (default: no distillation)")
    parser.add_argument("--images", type=int, help="validation images (default: all)")
    parser.add_argument("--picture", type=Path, help="default: activity.svg in the folder")
    arguments = parser.parse_args()
    base = load_checkpoint(arguments.base)
    print(f"base: {base.recipe.name}, {base.stage}, epoch {base.epoch}, "
          f"validation {base.accuracy['validation']:.2%}", flush=True)
    rows = [measured(weight, base, arguments) for weight in arguments.weights]
    print_rows(rows)
    draw(rows, arguments.picture or arguments.out / "activity.svg")


def recipe_of(weight: float, base: Checkpoint, arguments: argparse.Namespace) -> Recipe:
    """Return the recipe of the base with a penalty, its last stages cut short."""
    recipe, epochs = base.recipe, arguments.epochs
    stages = tuple(
        stage if epochs is None or stage not in recipe.stages_after(base.form) else replace(
            stage, epochs=epochs, warmup=min(stage.warmup, epochs)) for stage in recipe.stages)
    taught = Distillation(weight=0.0)
    if arguments.teacher:
        taught = replace(recipe.distillation, teacher=str(arguments.teacher))
    return replace(recipe, stages=stages, distillation=taught,
                   seed=arguments.seed, threads=arguments.threads,
                   activity=Activity(weight=weight, reach=arguments.reach))


def measured(weight: float, base: Checkpoint, arguments: argparse.Namespace) -> dict:
    """Return what a row came to."""
    folder = arguments.out / (f"weight{weight:g}-reach{arguments.reach:g}-seed{arguments.seed}"
                              f"-epochs{arguments.epochs or 'all'}")
    return done_once(folder, partial(trained, weight, base, arguments))


def trained(weight: float, base: Checkpoint, arguments: argparse.Namespace, folder: Path) -> dict:
    """Train a row in its folder, and return what it came to."""
    recipe = recipe_of(weight, base, arguments)
    with progress(folder.name) as show:
        result = train(recipe, folder, data_dir=arguments.data, resume=True,
                       initial=arguments.base, test=False, progress=show)
    split = load_split(f"{recipe.dataset}:validation", data_dir=arguments.data)
    images, labels = split.images[:arguments.images], split.labels[:arguments.images]
    found = count_operations(result.network, images)
    neurons = sum(result.network.neuron_shapes[layer.name].size
                  for layer in result.network.layers[:-1])
    return {"weight": weight, "images": len(images),
           "accuracy": float((found.predictions == labels).mean()),
           "operations": float(found.total.mean()),
           "layers": {name: float(groups.sum(axis=1).mean())
                      for name, groups in found.operations.items()},
           "spikes_per_neuron": float(sum(found.neuron_spikes.values()).mean()) / neurons}


def print_rows(rows: list[dict]) -> None:
    print()
    print_table(["weight of the penalty", "accuracy", "synaptic operations", "first layer",
                 "spikes per neuron"], [
        [f"{row['weight']:g}", f"{row['accuracy']:.2%}", f"{row['operations']:,.0f}",
         f"{next(iter(row['layers'].values())):,.0f}", f"{row['spikes_per_neuron']:.3f}"]
        for row in rows])


def draw(rows: list[dict], picture: Path) -> None:
    """Draw accuracy against operations, a dot for each row, into an SVG or PNG file."""
    import matplotlib

    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(6.4, 4), layout="constrained")
        axes = figure.subplots()
        ordered = sorted(rows, key=lambda row: row["operations"])
        axes.plot([row["operations"] / 1e3 for row in ordered],
                  [100 * row["accuracy"] for row in ordered], color=LINE, zorder=1)
        for row in rows:
            place = row["operations"] / 1e3, 100 * row["accuracy"]
            axes.scatter(*place, color=WITH if row["weight"] else WITHOUT, zorder=2)
            text = f"{row['weight']:g}" if row["weight"] else "without"
            axes.annotate(text, place, xytext=(0, 7), textcoords="offset points", ha="center",
                          fontsize=9)
        axes.set_xlabel("synaptic operations of an image, thousands")
        axes.set_ylabel("validation accuracy, %")
        axes.grid(color=LINE, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.margins(0.1)
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(picture, metadata={"Date": None} if picture.suffix == ".svg" else None)
    print(f"wrote {picture}")


if __name__ == "__main__":
    main()
