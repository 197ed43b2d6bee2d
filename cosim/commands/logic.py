"""Measure the energy of the lanes' logic: gates of a library, and how often each one switches."""

import json
from pathlib import Path
from typing import Annotated

import typer

from .options import Config, Count, Data, Images, Json, Network

LOGIC_FILE = "logic.json"
# Where the node of the library is known, energies are also given for this one.
SCALED_TO_NM, SCALED_TO_VOLTAGE = 28, 0.9


def run(
    file: Network,
    images: Images,
    library: Annotated[Path, typer.Option(
        "--library", metavar="FILE.lib", show_default=False,
        help="Liberty file (.lib or .lib.gz) with tables of power.")],
    n: Count = 1,
    data: Data = None,
    config: Config = "tiny",
    lanes: Annotated[int | None, typer.Option(
        "--lanes", metavar="N", min=1, show_default=False,
        help="Only the first N lanes; the others run too, but are not measured.")] = None,
    node: Annotated[float | None, typer.Option(
        "--node", metavar="NM", show_default=False,
        help="Node of the library: gives energies at 28 nm and 0.9 V as well.")] = None,
    slew: Annotated[float, typer.Option(
        "--slew", metavar="NS", min=0, help="Slew at the inputs of all cells.")] = 0.1,
    clock: Annotated[float, typer.Option(
        "--clock", metavar="MHZ", min=1, help="Clock, for leakage.")] = 100.0,
    out: Annotated[Path | None, typer.Option(
        "-o", "--out", metavar="DIR", show_default=False,
        help="Also write logic.json to this folder.")] = None,
    as_json: Json = False,
) -> int:
    from algo.zoo import network_path
    from hw.config import load_configuration
    from hw.network import fingerprint, load_network

    from ..console import print_json, progress
    from ..images import load_images
    from ..logic_energy.measurement import describe, measure
    from ..logic_energy.scaling import check_node, energy_factor
    from ..logic_energy.summary import print_logic
    from ..output import new_files
    from ..synthesis.library import load_library
    from ..synthesis.tools import YOSYS, versions

    if node is not None:
        check_node(node)
    path = network_path(file)
    network = load_network(path)
    image_set = load_images(images, network.input_shape, count=n, data_dir=data)
    processor, cells = load_configuration(config, network.numbers), load_library(library)
    if out:
        with new_files(out, []):                            # before minutes of work
            pass
    with progress("logic") as show:
        found = measure(network, processor, cells, image_set.images, lanes=lanes,
                        slew_ns=slew, clock_mhz=clock, progress=show)
    result = {
        "network": network.name, "network_sha256": fingerprint(path), "config": processor.name,
        "config_sha256": processor.sha256, "images": len(image_set.images),
        "images_sha256": image_set.sha256, "library": cells.name, "tools": versions(YOSYS),
        "lanes": lanes or processor.lanes, "slew_ns": slew, "clock_mhz": clock, "node_nm": node,
        "scaled_to": f"{SCALED_TO_NM} nm, {SCALED_TO_VOLTAGE} V",
        "factor": node and energy_factor(node, found.technology.voltage, to_nm=SCALED_TO_NM,
                                         to_voltage=SCALED_TO_VOLTAGE)} | describe(found)
    if out:
        with new_files(out, [LOGIC_FILE]) as stage:
            (stage / LOGIC_FILE).write_text(json.dumps(result, indent=1))
    if as_json:
        print_json(result)
    else:
        print_logic(result)
        if out:
            print(f"wrote {out / LOGIC_FILE}")
    return 0
