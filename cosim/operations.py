"""What a network does on images, in figures: spikes, synaptic operations, energy of operations."""

import numpy as np
from rich.table import Table

from algo.operations.counting import Operations
from algo.operations.fan_out import dense_operations, fan_out_of
from hw.network import INPUT, Layer, Network, Synapses

from .console import console
from .energy.conventions import CONVENTIONS, GroupOperations, operation_energy

__all__ = ["describe_operations", "print_operations"]

ENERGIES = {"formula": "spike rate x dense operations x density, as published",
            "exact": "operations counted exactly",
            "accumulate": "the same, first layer by additions too"}


def describe_operations(network: Network, found: Operations, accuracy: float | None) -> dict:
    """Return spikes, operations and their energy, means for an image, as plain data."""
    rates = {layer.name: _mean(found.neuron_spikes[layer.name])
             / network.neuron_shapes[layer.name].size for layer in network.layers[:-1]}
    total, layers = float(found.total.mean()), []
    for layer in network.layers:
        layers.append(_describe_layer(network, layer, found, rates, total))
    groups = [group for layer in layers for group in layer.pop("accounts")]
    weights, stored, neurons = (sum(layer[key] for layer in layers)
                                for key in ("weights", "nonzero", "neurons"))
    spikes = sum(_mean(counts) for counts in found.neuron_spikes.values())
    return {
        "name": network.name, "images": len(found.scores), "accuracy": accuracy, "layers": layers,
        "weights": weights, "nonzero": stored, "density": stored / weights, "neurons": neurons,
        "input_events": _mean(found.input_events), "spikes": spikes,
        "spikes_per_neuron": spikes / max(1, neurons - layers[-1]["neurons"]),
        "dense_operations": sum(group.dense for group in groups),
        "synaptic_operations": total, "least_synaptic_operations": int(found.total.min()),
        "most_synaptic_operations": int(found.total.max()),
        "operation_energy": {convention.name: operation_energy(groups, convention)
                             for convention in CONVENTIONS}}


def _describe_layer(network: Network, layer: Layer, found: Operations, rates: dict[str, float],
                    total: float) -> dict:
    operations = found.operations[layer.name].mean(axis=0)
    weights = sum(group.weight.size for group in layer.synapses)
    stored = sum(int(np.count_nonzero(group.weight)) for group in layer.synapses)
    map_spikes = (None if network.is_output(layer) else
                  _mean(found.map_spikes[layer.name]) / network.spike_shapes[layer.name].size)
    return {
        "name": layer.name, "neurons": network.neuron_shapes[layer.name].size, "pool": layer.pool,
        "weights": weights, "nonzero": stored, "density": stored / weights,
        "spikes_per_neuron": rates.get(layer.name), "spikes_per_pooled_neuron": map_spikes,
        "synaptic_operations": float(operations.sum()),
        "share": float(operations.sum()) / total if total else 0.0,
        "accounts": [_account(network, group, float(mean), rates)
                     for group, mean in zip(layer.synapses, operations, strict=True)]}


def _account(network: Network, group: Synapses, mean: float,
             rates: dict[str, float]) -> GroupOperations:
    source = network.spike_shapes[group.source]
    return GroupOperations(
        dense=dense_operations(group, source), exact=mean,
        image_macs=int(fan_out_of(group, source).sum()),
        density=np.count_nonzero(group.weight) / group.weight.size,
        rate=None if group.source == INPUT else rates[group.source])


def _mean(counts: np.ndarray) -> float:
    return float(counts.mean())


def print_operations(description: dict) -> None:
    """Print a description, one line for each layer, then totals and energies."""
    out, table = console(), Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("layer")
    for heading in ("neurons", "weights", "dense", "density", "spikes/neuron", "operations",
                    "share"):
        table.add_column(heading, justify="right")
    for layer in description["layers"]:
        _add_row(table, layer["name"], layer)
    _add_row(table, "total", description | {"share": 1.0})
    out.print(table)
    known = description["accuracy"]
    right = "" if known is None else f", {known:.2%} right"
    out.print(f"means of {description['images']} images{right}: "
              f"{description['synaptic_operations']:,.0f} synaptic operations "
              f"({description['least_synaptic_operations']:,} to "
              f"{description['most_synaptic_operations']:,}), {description['spikes']:,.0f} spikes, "
              f"{description['input_events']:,.0f} events of the image")
    out.print(f"dense network: {description['dense_operations']:,} multiplications")
    for name, energy in description["operation_energy"].items():
        out.print(f"\nconvention {name}: {energy['source']}; MAC {energy['mac_pj']:g} pJ, "
                  f"AC {energy['ac_pj']:g} pJ ({energy['table']}); operations only")
        out.print(f"{energy['dense_uj']:12.4f} µJ          dense network without spikes")
        for key, text in ENERGIES.items():
            ratio = energy[f"{key}_ratio"]
            less = "" if ratio is None else f"{ratio:.1f}x less"
            out.print(f"{energy[f'{key}_uj']:12.4f} µJ {less:>11}  {text}")


def _add_row(table: Table, name: str, row: dict) -> None:
    rate = row["spikes_per_neuron"]
    table.add_row(name, f"{row['neurons']:,}", f"{row['nonzero']:,}", f"{row['weights']:,}",
                  f"{row['density']:.1%}", "" if rate is None else f"{rate:.3f}",
                  f"{row['synaptic_operations']:,.0f}", f"{row['share']:.1%}")
