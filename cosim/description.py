"""What a network is, in figures: for people, and as JSON."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.table import Table

from algo.operations.fan_out import dense_operations
from hw.network import Layer, Network, fingerprint, potential_bound

from .console import console

__all__ = ["describe_network", "print_description"]


def describe_network(network: Network, path: Path) -> dict:
    """Return layers, densities, sizes, worst-case potentials and provenance, as plain data."""
    layers = [_describe_layer(network, layer) for layer in network.layers]
    weights, stored = (sum(layer[key] for layer in layers) for key in ("weights", "nonzero"))
    return {
        "name": network.name, "file": str(path), "file_bytes": path.stat().st_size,
        "sha256": fingerprint(path), "neuron": network.neuron, "steps": network.steps,
        "numbers": asdict(network.numbers), "input_shape": list(network.input_shape),
        "coding": network.coding, "events_per_pixel": network.exponents.shape[1],
        "classes": list(network.classes), "layers": layers, "weights": weights, "nonzero": stored,
        "density": stored / weights, "weight_bits_total": stored * network.numbers.weight_bits,
        "potential_max": network.numbers.potential_max, "provenance": network.provenance}


def _describe_layer(network: Network, layer: Layer) -> dict:
    synapses = [
        {"from": group.source, "kind": group.kind, "kernel": group.kernel, "stride": group.stride,
         "padding": group.padding, "offset": group.offset, "weights": group.weight.size,
         "nonzero": int(np.count_nonzero(group.weight))} for group in layer.synapses]
    weights, stored = (sum(group[key] for group in synapses) for key in ("weights", "nonzero"))
    return {"name": layer.name, "neurons": list(network.neuron_shapes[layer.name]),
            "spikes": list(network.spike_shapes[layer.name]), "pool": layer.pool,
            "synapses": synapses, "weights": weights, "nonzero": stored,
            "density": stored / weights,
            "dense_operations": sum(dense_operations(group, network.spike_shapes[group.source])
                                    for group in layer.synapses),
            "potential_bound": int(potential_bound(network, layer).max())}


def print_description(description: dict) -> None:
    """Print a description, one line for each layer."""
    out, numbers = console(), description["numbers"]
    shape = "x".join(map(str, description["input_shape"]))
    out.print(f"{description['name']}: {description['neuron']}, {len(description['layers'])} "
              f"layers, {shape} images ({description['coding']}), "
              f"{len(description['classes']) or 'unnamed'} classes", style="bold")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("layer", "from", "synapses", "neurons"):
        table.add_column(heading)
    for heading in ("weights", "not zero", "density", "potential"):
        table.add_column(heading, justify="right")
    for layer in description["layers"]:
        table.add_row(
            layer["name"], " + ".join(group["from"] for group in layer["synapses"]),
            " + ".join(map(_geometry, layer["synapses"])), "x".join(map(str, layer["neurons"])),
            f"{layer['weights']:,}", f"{layer['nonzero']:,}", f"{layer['density']:.1%}",
            f"{layer['potential_bound'] / description['potential_max']:.2%}")
    out.print(table)
    out.print(f"{description['nonzero']:,} of {description['weights']:,} weights "
              f"({description['density']:.1%}), {numbers['weight_bits']} bits each: "
              f"{description['weight_bits_total'] / 8192:.1f} KB; "
              f"file {description['file_bytes'] / 1024:.1f} KB")
    out.print(f"window {numbers['window']} steps, {numbers['steps_per_octave']} for each octave; "
              f"potential: worst case, of {numbers['potential_bits']} bits")
    provenance = description["provenance"]
    for key in ("recipe", "seed", "form", "accuracy", "agreement", "machine", "training_seconds",
                "epochs", "date"):
        if key in provenance:
            out.print(f"{key.replace('_', ' ')}: {provenance[key]}")
    out.print(f"sha256 {description['sha256']}")


def _geometry(group: dict) -> str:
    if group["kind"] == "linear":
        return "linear"
    kernel = f"conv {group['kernel']}x{group['kernel']}"
    return kernel + (f"/{group['stride']}" if group["stride"] > 1 else "")
