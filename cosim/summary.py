"""A run for people: layers, verdict, energy."""

from rich.table import Table

from .console import console
from .energy_summary import area_line, component_table, energy_line, sensitivity_line

__all__ = ["agreement_line", "divergence_line", "print_prediction", "print_run"]


def print_run(result: dict) -> None:
    """Print a run's result: one line for each layer, the energy by part, the verdict."""
    out = console()
    _print_measures(out, result)
    seen = "scores, every potential and spike time" if result["traced"] else "scores"
    out.print(f"{result['bit_exact_images']} of {result['images']} images bit-exact ({seen}) "
              f"on configuration {result['config']}",
              style="green" if result["bit_exact"] else "bold red")
    if not result["bit_exact"]:
        out.print(divergence_line(result))
    if result["rerun"] and result["rerun"]["bit_exact"]:
        out.print(f"image {result['rerun']['image']} alone is bit-exact: the images before it "
                  "leave something behind")
    counting = result["prediction"]
    out.print(agreement_line(counting, result["images"]),
              style="yellow" if counting["first_difference"] else None)
    _print_accuracy(out, result)
    simulation = result["simulation"]
    out.print(f"simulated at {simulation['cycles_per_second'] / 1e3:,.0f} k cycles/s; built in "
              f"{simulation['build_seconds']:.1f} s, ran {simulation['run_seconds']:.1f} s")


def print_prediction(result: dict) -> None:
    """Print a prediction: one line for each layer, the energy by part, the spread of cycles."""
    out, cycles = console(), result["cycles_of_images"]
    _print_measures(out, result)
    out.print(f"{result['images']} images on configuration {result['config']}, by calculation: "
              f"{cycles['least']:,} to {cycles['most']:,} cycles, half of them up to "
              f"{cycles['median']:,.0f}, 99 of 100 up to {cycles['percentile_99']:,.0f}")
    _print_accuracy(out, result)


def _print_accuracy(out, result: dict) -> None:
    if result["accuracy"] is not None:
        out.print(f"accuracy {result['accuracy']:.2%}")


def _print_measures(out, result: dict) -> None:
    """Print cycles, operations and energy of each layer, then of an image, and its parts."""
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
    out.print()
    out.print(component_table(result))
    out.print(energy_line(result["energy_uj"]))
    out.print(sensitivity_line(result["dram_sensitivity_uj"]), style="dim")
    out.print(area_line(result["area_mm2"]), style="dim")
    speed = f"{result['frames_per_second']:,.1f} images a second at {result['clock_mhz']:g} MHz"
    out.print(f"{speed}, {result['utilisation']:.0%} of additions used", style="dim")


def divergence_line(result: dict) -> str:
    """Return where the RTL first differs from the golden model, in one line."""
    place = result["first_divergence"]
    step = "" if place["step"] is None else f", step {place['step']}"
    return (f"first divergence: image {place['image']}, layer {place['layer']}{step}, "
            f"{place['field']} [{place['channel']}, {place['row']}, {place['column']}]: "
            f"expected {place['expected']}, found {place['found']}")


def agreement_line(found: dict, images: int) -> str:
    """Return on how many images the counts are as predicted, and where first not, in one line."""
    line = f"every count as predicted on {found['equal_images']} of {images} images"
    first = found["first_difference"]
    if first is None:
        return line
    return (f"{line}; first image {first['image']}, layer {first['layer']}, {first['counter']}: "
            f"predicted {first['predicted']:,}, counted {first['counted']:,}")
