"""Train on the embedded digits, export, compile, run the RTL, compare, report: minutes."""

from pathlib import Path
from typing import Annotated

import typer

from .options import Json

RECIPE, CONFIG, IMAGES = "digits", "demo", "digits:test"


def run(
    seed: Annotated[int, typer.Option(
        "--seed", metavar="N", min=0, help="Seed of the training.")] = 0,
    out: Annotated[Path, typer.Option(
        "-o", "--out", metavar="DIR", help="Folder to write to.")] = Path("sim_build/demo"),
    as_json: Json = False,
) -> int:
    from algo.training.recipe_file import load_recipe
    from algo.training.train import train
    from hw.config import load_configuration
    from hw.network import fingerprint, load_network

    from .. import toolchain
    from ..console import print_json, progress
    from ..context import command_line
    from ..demo_report import print_demo
    from ..energy import load_table
    from ..images import load_images
    from ..output import new_files
    from ..record import RECORD_FILES, REPORT, write_record
    from ..report import write_report
    from ..run import RUN_FILES, run_result, write_run
    from ..verify import verify

    toolchain.check()
    with new_files(out, (*RECORD_FILES, *RUN_FILES)) as stage:
        with progress("train") as show:
            training = train(load_recipe(RECIPE, [f"seed={seed}"]), out, progress=show)
        network = load_network(training.network_path)
        image_set = load_images(IMAGES, network.input_shape)
        processor = load_configuration(CONFIG, network.numbers)
        verification = verify(network, processor, image_set.images, trace=True)
        result = run_result(verification, image_set, load_table(),
                            network_sha256=fingerprint(training.network_path))
        result["chain"] = _chain(training, image_set, verification.expected_scores.argmax(axis=1))
        write_record(stage, network, training.network_path, processor, image_set,
                     command=command_line("demo", seed=seed, o=out))
        write_run(stage, result, verification)
        write_report(stage, stage / REPORT)
    if as_json:
        print_json(result)
    else:
        print_demo(result, out)
        print(f"{out / REPORT} shows it in tables and pictures")
    return 0 if result["bit_exact"] else 1


def _chain(training, image_set, predictions) -> dict:
    """Return accuracies from floating point to integers, and how often integers agree."""
    return {**training.accuracy, "integer": image_set.accuracy(predictions),
            "agreement": float((predictions == training.predictions).mean()),
            "density": training.density, "training_seconds": training.seconds}
