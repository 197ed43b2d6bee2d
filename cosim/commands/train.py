"""Train a network from a recipe; write the network, a log and checkpoints."""

from pathlib import Path
from typing import Annotated

import typer

from .options import Data, Json


def run(
    recipe: Annotated[str, typer.Argument(
        metavar="RECIPE", show_default=False, help="Name of a shipped recipe, or a .toml file.")],
    data: Data = None,
    out: Annotated[Path | None, typer.Option(
        "-o", "--out", metavar="DIR", show_default=False,
        help="Folder to write to (default: sim_build/train/RECIPE).")] = None,
    set_: Annotated[list[str] | None, typer.Option(
        "--set", metavar="K=V", show_default=False,
        help="Change a key of the recipe, dotted: stages.log.epochs=5. May be repeated.")] = None,
    resume: Annotated[bool, typer.Option(
        "--resume", help="Continue after the last whole epoch in the folder.")] = False,
    initial: Annotated[str | None, typer.Option(
        "--from", metavar="CHECKPOINT|NETWORK", show_default=False,
        help="Begin with the weights of a checkpoint or of a network (a file or zoo:NAME); stages "
        "up to its form are left out.")] = None,
    device: Annotated[str | None, typer.Option(
        "--device", metavar="NAME", show_default=False,
        help="cpu, cuda, cuda:1 … (default: cuda if there is one).")] = None,
    no_test: Annotated[bool, typer.Option(
        "--no-test", help="Leave the test part unread: for experiments.")] = False,
    as_json: Json = False,
) -> int:
    from algo.data import load_split
    from algo.training.recipe_file import load_recipe
    from algo.training.train import train

    from ..console import print_json, progress
    from ..failure import Interrupted

    settings = load_recipe(recipe, set_ or [])
    load_split(f"{settings.dataset}:train", data_dir=data)  # missing data: before anything is made
    out = out or Path("sim_build/train") / settings.name
    try:
        with progress("train") as show:
            result = train(settings, out, data_dir=data, resume=resume, initial=initial,
                           device=device, test=not no_test, progress=show)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; continue with --resume") from None
    if result is None:                              # not the first of several processes
        return 0
    if as_json:
        print_json({"network": str(result.network_path), "accuracy": result.accuracy,
                    "density": result.density, "seconds": result.seconds})
    else:
        for name, accuracy in result.accuracy.items():
            print(f"{name.replace('_', ' '):12} {accuracy:7.2%} of the test images")
        print(f"{result.density:.1%} of the weights kept; {result.seconds:.0f} s")
        print(f"wrote {result.network_path}")
    return 0
