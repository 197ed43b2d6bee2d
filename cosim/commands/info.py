"""Show what a network file holds: layers, densities, sizes, potentials, provenance."""

from .options import Json, Network


def run(file: Network, as_json: Json = False) -> int:
    from hw.network import load_network

    from ..console import print_json
    from ..description import describe_network, print_description
    from ..zoo import network_path

    path = network_path(file)
    description = describe_network(load_network(path), path)
    if as_json:
        print_json(description)
    else:
        print_description(description)
    return 0
