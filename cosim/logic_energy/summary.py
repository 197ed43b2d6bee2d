"""A measurement of logic for people: states, blocks, layers."""

from rich.table import Table

from ..console import console
from .phase import STATES

__all__ = ["print_logic"]

# Energies of a lane and cycle, in the order of columns.
ENERGIES = {"switching": "nets", "internal": "cells", "clock": "clock", "glitches": "glitches",
            "total": "total", "gated_total": "gated"}
SCALED = {"total": "28 nm", "gated_total": "gated"}
ACTIONS = {"operation_pj": "an operation", "neuron_pj": "a neuron", "clock_pj": "clock"}


def print_logic(result: dict) -> None:
    """Print what a lane takes in a cycle, by state, block and layer."""
    out = console()
    factor = result["factor"]
    scaled = SCALED.values() if factor else ()
    out.print("pJ of a lane in a cycle")
    for key, first in (("states", "state"), ("layers", "layer")):
        table = _table(first, ("cycles", *ENERGIES.values(), *scaled))
        for row in result[key]:
            energies = [row[energy] for energy in ENERGIES]
            table.add_row(row[first], f"{row['lane_cycles']:,}", *map(_number, energies),
                          *(_number(row[name] * factor) for name in SCALED if factor))
        out.print(table)
    out.print("pJ of a block: in a cycle; for what it does")
    table = _table("block", (*STATES, *ACTIONS.values()))
    for row in result["blocks"]:
        table.add_row(row["block"], *(_number(row[name]) for name in (*STATES, *ACTIONS)))
    out.print(table)
    out.print(f"a lane of configuration {result['config']}: {result['cells']:,} cells, "
              f"{result['flip_flops']:,} flip-flops, {result['library']} at {result['voltage']} V")
    out.print(f"{result['images']} images: in every cycle the netlist did what the RTL did")


def _number(energy_pj: float) -> str:
    return f"{energy_pj:.3f}" if energy_pj < 10 else f"{energy_pj:.1f}"


def _table(first: str, headings) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(first)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table
