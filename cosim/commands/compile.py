"""Compile a network to a program for a processor."""

from .options import Fitting, Json, Network, OutDir

PROGRAM_FILES = ("program.hex", "streamed.hex", "program.json")


def run(file: Network, out: OutDir, config: Fitting = "auto", as_json: Json = False) -> int:
    from algo.zoo import network_path
    from hw.compiler import compile_network, write_program
    from hw.network import load_network

    from ..console import print_json
    from ..fitting import fitting_configuration
    from ..memory_map import memory_map, print_memory_map
    from ..output import new_files

    network = load_network(network_path(file))
    processor = fitting_configuration(network, config)
    with new_files(out, PROGRAM_FILES) as stage:
        program = compile_network(network, processor)
        write_program(program, stage)
    found = memory_map(program)
    if as_json:
        print_json({"network": network.name} | found | {"out": str(out)})
    else:
        print_memory_map(found)
        print(f"wrote {out}")
    return 0
