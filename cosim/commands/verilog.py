"""Write a processor as self-contained Verilog."""

from typing import Annotated

import typer

from .options import Config, Json, OutFile


def run(
    out: OutFile,
    config: Config = "demo",
    network: Annotated[str | None, typer.Option(
        "--network", metavar="FILE", show_default=False,
        help="Take the number format from this network, not the default one.")] = None,
    as_json: Json = False,
) -> int:
    from hw.config import load_configuration
    from hw.emit import processor_verilog
    from hw.network import load_network
    from hw.numbers import NumberFormat

    from ..console import print_json
    from ..output import new_file
    from ..zoo import network_path

    numbers = load_network(network_path(network)).numbers if network else NumberFormat()
    processor = load_configuration(config, numbers)
    with new_file(out) as path:
        text = processor_verilog(processor)
        path.write_text(text)
    if as_json:
        print_json({"config": processor.name, "config_sha256": processor.sha256,
                    "lines": text.count("\n"), "out": str(out)})
    else:
        print(f"{text.count(chr(10)):,} lines; wrote {out}")
    return 0
