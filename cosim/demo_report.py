"""What the demo prints: one network, from floating point to hardware."""

from pathlib import Path

from rich.table import Table

from .console import console
from .energy_summary import energy_line
from .summary import divergence_line

__all__ = ["print_demo"]


def print_demo(result: dict, out: Path) -> None:
    """Print the accuracy at each stage, agreement, cycles and energy of a demo's run."""
    chain, counts, images = result["chain"], result["counts"], result["images"]
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("digits")
    table.add_column("accuracy", justify="right")
    table.add_column("")
    table.add_row("float network", f"{chain['float']:.2%}", "dense, ReLU")
    table.add_row("time-coded network", f"{chain['time_coded']:.2%}",
                  f"at most one spike per neuron, {chain['density']:.0%} of the weights")
    table.add_row("logarithmic weights", f"{chain['log_weights']:.2%}", "sign and power of 2^(1/2)")
    table.add_row("integer golden model", f"{chain['integer']:.2%}",
                  f"the same answer to {chain['agreement']:.2%} of the images")
    verdict = f"{result['bit_exact_images']} of {images} images bit-exact"
    table.add_row("RTL", f"{result['accuracy']:.2%}", verdict,
                  style="bold green" if result["bit_exact"] else "bold red")
    screen = console()
    screen.print(table)
    if not result["bit_exact"]:
        screen.print(divergence_line(result), style="red")
    screen.print()
    screen.print(f"{counts['cycles']:,.0f} cycles, {counts['synaptic_operations']:,.0f} synaptic "
                 f"operations and {counts['events']:,.0f} events per image, counted by the RTL")
    screen.print(energy_line(result["energy_uj"]))
    simulation = result["simulation"]
    screen.print(f"trained in {chain['training_seconds']:.0f} s, RTL built in "
                 f"{simulation['build_seconds']:.0f} s, simulated in "
                 f"{simulation['run_seconds']:.0f} s; wrote {out}")
