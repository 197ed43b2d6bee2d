"""Write a processor as self-contained Verilog."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .options import Config, Json, OutFile


class Top(StrEnum):
    """What the top module is."""

    CORE = "core"
    AXI = "axi"


def run(
    out: OutFile,
    config: Config = "demo",
    network: Annotated[str | None, typer.Option(
        "--network", metavar="FILE", show_default=False,
        help="Take the number format from this network, not the default one.")] = None,
    top: Annotated[Top, typer.Option(
        "--top", help="The processor alone (firstspike), or behind AXI (firstspike_axi).")]
    = Top.CORE,
    header: Annotated[Path | None, typer.Option(
        "--header", metavar="FILE", show_default=False,
        help="Also write the C header of the registers; with --top axi.")] = None,
    as_json: Json = False,
) -> int:
    from algo.zoo import network_path
    from hw.bus.c_header import c_header
    from hw.config import load_configuration
    from hw.emit import axi_verilog, processor_verilog
    from hw.network import load_network
    from hw.numbers import NumberFormat

    from ..console import print_json
    from ..output import new_file

    if header is not None and top is not Top.AXI:
        raise ValueError(f"--top must be {Top.AXI} with --header, not {top}")
    numbers = load_network(network_path(network)).numbers if network else NumberFormat()
    processor = load_configuration(config, numbers)
    with new_file(out) as path:
        text = {Top.CORE: processor_verilog, Top.AXI: axi_verilog}[top](processor)
        path.write_text(text)
        if header is not None:
            with new_file(header) as path_of_header:
                path_of_header.write_text(c_header())
    written = [str(path) for path in (out, header) if path is not None]
    if as_json:
        print_json({"config": processor.name, "config_sha256": processor.sha256,
                    "lines": text.count("\n"), "out": str(out)}
                   | ({} if header is None else {"header": str(header)}))
    else:
        print(f"{text.count(chr(10)):,} lines; wrote {', '.join(written)}")
    return 0
