"""Synthesise a processor: cells and memory bits of each block; area or clock of a technology."""

import json
from pathlib import Path
from typing import Annotated

import typer

from .options import Config, Json


def run(
    config: Config = "demo",
    network: Annotated[str | None, typer.Option(
        "--network", metavar="FILE", show_default=False,
        help="Take the number format from this network, not the default one.")] = None,
    target: Annotated[str, typer.Option(
        "--target", metavar="generic|ecp5|FILE.lib",
        help="Gates of any technology; an ECP5-85k, placed and routed; or a Liberty library.")]
    = "generic",
    seed: Annotated[int, typer.Option(
        "--seed", metavar="N", min=1, help="Placement of ecp5 begins with this number.")] = 1,
    grade: Annotated[int, typer.Option(
        "--grade", metavar="6|7|8",
        help="Speed grade of the ecp5; 6 is the slowest.")] = 6,
    clock: Annotated[int | None, typer.Option(
        "--clock", metavar="MHZ", min=1, show_default=False,
        help="Clock that the ecp5 must reach; takes longer, and fails if it does not.")] = None,
    out: Annotated[Path | None, typer.Option(
        "-o", "--out", metavar="DIR", show_default=False,
        help="Also write synth.json to this folder.")] = None,
    as_json: Json = False,
) -> int:
    from algo.zoo import network_path
    from hw.config import load_configuration
    from hw.network import load_network
    from hw.numbers import NumberFormat

    from ..console import print_json, progress
    from ..output import new_files
    from ..synthesis import SYNTHESIS_FILE, find_target, synthesise
    from ..synthesis.summary import print_synthesis

    numbers = load_network(network_path(network)).numbers if network else NumberFormat()
    processor = load_configuration(config, numbers)
    chosen = find_target(target, seed=seed, grade=grade, clock_mhz=clock)
    if out:
        with new_files(out, []):                            # before minutes of synthesis
            pass
    with progress("synth") as show:
        result = synthesise(processor, chosen, progress=show)
    if out:
        with new_files(out, [SYNTHESIS_FILE]) as stage:
            (stage / SYNTHESIS_FILE).write_text(json.dumps(result, indent=1))
    if as_json:
        print_json(result)
    else:
        print_synthesis(result)
        if out:
            print(f"wrote {out / SYNTHESIS_FILE}")
    return 0
