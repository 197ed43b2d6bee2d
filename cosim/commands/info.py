"""Show what a network file holds: layers, densities, sizes, potentials, provenance."""

from typing import Annotated

import typer

from .options import Json, Network


def run(
    file: Network,
    config: Annotated[str | None, typer.Option(
        "--config", metavar="NAME|TOML", show_default=False,
        help="Also show how the network fills the memories of this processor.")] = None,
    as_json: Json = False,
) -> int:
    from algo.zoo import network_path
    from hw.network import load_network

    from ..console import print_json
    from ..description import describe_network, print_description

    path = network_path(file)
    network = load_network(path)
    found = None if config is None else _memory_map(network, config)
    description = describe_network(network, path)
    if as_json:
        print_json(description | ({} if found is None else {"memory_map": found}))
    else:
        print_description(description)
        if found is not None:
            from ..memory_map import print_memory_map

            print_memory_map(found)
    return 0


def _memory_map(network, config: str) -> dict:
    from hw.compiler import compile_network
    from hw.config import load_configuration

    from ..memory_map import memory_map

    return memory_map(compile_network(network, load_configuration(config, network.numbers)))
