"""What each stage of a training came to: accuracy, spikes, operations and their energy.

    python -m docs.stage_study FOLDER [--images N] [--out DIR]

FOLDER is that of a training whose stages spike, such as one of ``cifar10-vgg16-lif`` (fewer steps
from stage to stage) or ``cifar10-vgg16-window`` (shorter windows). Accuracies are those of the
training networks on the test part, of which no stage knew; spikes, operations and energies those of
the integers that they are exported to, on N test images. docs/one-timestep.md discusses the tables.
"""

from argparse import Namespace
from pathlib import Path

from algo.data import load_split
from algo.models import SPIKING
from algo.operations.counting import count_operations
from algo.training.checkpoint import load_checkpoint, model_of
from algo.training.checkpoint_export import export_checkpoint
from algo.training.evaluation import predictions_of
from cosim.energy.conventions import CONVENTIONS
from cosim.operations import describe_operations
from docs.study import done_once, error_of, print_table, study_arguments


def main() -> None:
    parser = study_arguments(__doc__, "stages")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=500)
    arguments = parser.parse_args()
    recipe = load_checkpoint(arguments.folder / "checkpoint.safetensors").recipe
    paths = [arguments.folder / f"{stage.name}.safetensors" for stage in recipe.stages
             if stage.form in SPIKING]
    paths = [path for path in paths if path.exists()]
    print_rows(paths, [measured(path, arguments) for path in paths])


def measured(path: Path, arguments: Namespace) -> dict:
    """Return what a stage came to; kept in the output folder."""
    checkpoint = load_checkpoint(path)

    def make(folder: Path) -> dict:
        test = load_split(f"{checkpoint.recipe.dataset}:test", data_dir=arguments.data)
        found = predictions_of(model_of(checkpoint), checkpoint.worth, test.images)
        network = export_checkpoint(path)
        counted = count_operations(network, test.images[:arguments.images])
        described = describe_operations(network, counted, None)
        folder.mkdir(parents=True, exist_ok=True)
        return {"form": checkpoint.form, "steps": checkpoint.steps,
                "window": checkpoint.numbers.window, "tau": checkpoint.numbers.steps_per_octave,
                "epochs": checkpoint.epoch, "validation": checkpoint.accuracy["validation"],
                "test": float((found == test.labels).mean()), "test_images": len(test.labels),
                "spikes": described["spikes_per_neuron"],
                "operations": described["synaptic_operations"],
                "ratios": {name: energy["formula_ratio"]
                           for name, energy in described["operation_energy"].items()}}
    return done_once(arguments.out / f"{arguments.folder.name}-{checkpoint.stage}", make)


def print_rows(paths: list[Path], found: list[dict]) -> None:
    names = [convention.name for convention in CONVENTIONS]
    print_table(
        ["stage", "form", "N", "T, τ", "validation", "test", "spikes per neuron",
         "synaptic operations", *(f"energy, {name}" for name in names)],
        [[path.stem, entry["form"], str(entry["steps"] or ""),
          "" if entry["steps"] else f"{entry['window']}, {entry['tau']}",
          f"{entry['validation']:.2%}",
          f"{entry['test']:.2%} ± {100 * error_of(entry['test'], entry['test_images']):.2f}",
          f"{entry['spikes']:.3f}", f"{entry['operations'] / 1e6:.2f} M",
          *(f"{entry['ratios'][name]:.1f}x less" for name in names)]
         for path, entry in zip(paths, found, strict=True)])


if __name__ == "__main__":
    main()
