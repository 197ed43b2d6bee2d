"""A synthesis for people: blocks, memories, clock."""

from rich.table import Table

from ..console import console

__all__ = ["FIGURES", "print_synthesis"]

# Figures of a block, in the order of columns.
FIGURES = {"cells": "cells", "luts": "LUTs", "carries": "carries", "flip_flops": "flip-flops",
           "lut_rams": "LUT RAMs", "block_rams": "block RAMs", "multipliers": "multipliers",
           "area_um2": "µm²"}


def print_synthesis(result: dict) -> None:
    """Print blocks and memories as tables, then what it comes to."""
    out = console()
    figures = [name for name in FIGURES if name in result["total"]]
    weight = "area_um2" if "area_um2" in figures else figures[0]
    table = _table("block", ("instances", *(FIGURES[name] for name in figures), "share"))
    for block in result["blocks"]:
        parts = block["block"].split("/")
        share = block[weight] * block["instances"] / result["total"][weight]
        table.add_row("  " * (len(parts) - 1) + parts[-1], f"{block['instances']:,}",
                      *(f"{block[name]:,.0f}" for name in figures), f"{share:.1%}")
    out.print(table)
    table = _table("memory", ("instances", "words", "bits", "bits in all"))
    for memory in result["memories"]:
        table.add_row(memory["memory"], *(f"{memory[name]:,}" for name in (
            "instances", "words", "width_bits", "bits")))
    out.print(table)
    out.print(f"configuration {result['config']}: {_size_line(result)}")
    if "critical_path" in result:
        out.print(_clock_line(result))


def _table(first: str, headings) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(first)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _size_line(result: dict) -> str:
    """Return what the processor takes, in one line."""
    total, bits = result["total"], f"{result['total']['memory_bits']:,} bits of memory"
    if "resources" in result:
        used = result["resources"]
        return (f"{used['luts']:,} LUTs, {used['flip_flops']:,} flip-flops, "
                f"{used['block_rams']:,} block RAMs, {used['multipliers']:,} multipliers "
                f"of {result['device']}")
    area = f", {total['area_um2'] / 1e6:.4f} mm²" if "area_um2" in total else ""
    return f"{total['cells']:,} cells, {total['flip_flops']:,} of them flip-flops{area}, {bits}"


def _clock_line(result: dict) -> str:
    """Return clock and critical path, in one line."""
    path = result["critical_path"]
    clock = f"{result['clock_mhz']:.1f} MHz, " if "clock_mhz" in result else ""
    return (f"{clock}longest path {path['delay_ps']:,.0f} ps from {path['from']} to {path['to']} "
            f"({path['signal']})")
