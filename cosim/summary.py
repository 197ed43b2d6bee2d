"""A run for people: layers, verdict, energy."""

from rich.table import Table

from .console import console

__all__ = ["divergence_line", "energy_line", "print_run", "sensitivity_line"]

# Shown in microjoules next to the total.
PARTS = {"compute": "compute", "weight_memory": "weights", "potential_memory": "potentials",
         "spike_memory": "spikes", "control": "control", "leakage": "leakage", "dram": "DRAM"}


def print_run(result: dict) -> None:
    """Print a run's result: one line for each layer, the verdict, the energy by part."""
    out = console()
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("layer")
    for heading in ("cycles", "events", "operations", "utilised", "lanes idle", "µJ"):
        table.add_column(heading, justify="right")
    whole = {"name": "image"} | result
    for layer in (*result["layers"], whole):
        counts = layer["counts"]
        slots = counts["lane_idle_cycles"] + counts["synaptic_operations"]
        table.add_row(
            layer["name"], f"{counts['cycles']:,.0f}", f"{counts['events']:,.0f}",
            f"{counts['synaptic_operations']:,.0f}", f"{layer['utilisation']:.0%}",
            f"{counts['lane_idle_cycles'] / slots:.0%}" if slots else "-",
            f"{layer['energy_uj']['total']:.4f}", style="bold" if layer is whole else None)
    out.print(table)
    out.print(energy_line(result["energy_uj"]))
    out.print(sensitivity_line(result["dram_sensitivity_uj"]), style="dim")
    seen = "scores, every potential and spike time" if result["traced"] else "scores"
    out.print(f"{result['bit_exact_images']} of {result['images']} images bit-exact ({seen}) "
              f"on configuration {result['config']}",
              style="green" if result["bit_exact"] else "bold red")
    if not result["bit_exact"]:
        out.print(divergence_line(result))
    if result["rerun"] and result["rerun"]["bit_exact"]:
        out.print(f"image {result['rerun']['image']} alone is bit-exact: the images before it "
                  "leave something behind")
    if result["accuracy"] is not None:
        out.print(f"accuracy {result['accuracy']:.2%}")
    simulation = result["simulation"]
    out.print(f"simulated at {simulation['cycles_per_second'] / 1e3:,.0f} k cycles/s; built in "
              f"{simulation['build_seconds']:.1f} s, ran {simulation['run_seconds']:.1f} s")


def energy_line(energy: dict) -> str:
    """Return the energy of an image in one line: total, then its parts."""
    parts = ", ".join(f"{name} {energy[key]:.4f}" for key, name in PARTS.items() if energy[key])
    return f"{energy['total']:.4f} µJ per image (table {energy['table']}): {parts}"


def sensitivity_line(totals: dict[str, float]) -> str:
    """Return the energy of an image at each energy of a DRAM bit, in one line."""
    return (f"with DRAM at {', '.join(totals)} pJ a bit: "
            f"{', '.join(f'{total:.4f}' for total in totals.values())} µJ")


def divergence_line(result: dict) -> str:
    """Return where the RTL first differs from the golden model, in one line."""
    place = result["first_divergence"]
    step = "" if place["step"] is None else f", step {place['step']}"
    return (f"first divergence: image {place['image']}, layer {place['layer']}{step}, "
            f"{place['field']} [{place['channel']}, {place['row']}, {place['column']}]: "
            f"expected {place['expected']}, found {place['found']}")
