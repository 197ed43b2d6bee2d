"""Compile a network to a program for a processor."""

from .options import Config, Json, Network, OutDir


def run(file: Network, out: OutDir, config: Config = "demo", as_json: Json = False) -> int:
    from hw.compiler import compile_network, write_program
    from hw.config import load_configuration
    from hw.network import load_network

    from ..console import print_json
    from ..output import new_files
    from ..zoo import network_path

    network = load_network(network_path(file))
    processor = load_configuration(config, network.numbers)
    with new_files(out, ["program.hex", "program.json"]) as stage:
        program = compile_network(network, processor)
        write_program(program, stage)
    used = {name: {"used": words, "words": processor.memories[name].words}
            for name, words in program.used.items()}
    if as_json:
        print_json({"network": network.name, "config": processor.name,
                    "config_sha256": processor.sha256, "load_words": len(program.load_words),
                    "memories": used, "out": str(out)})
    else:
        for name, memory in used.items():
            print(f"{name:12} {memory['used']:7,} of {memory['words']:,} words")
        print(f"wrote {out}")
    return 0
