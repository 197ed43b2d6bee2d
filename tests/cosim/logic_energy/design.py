"""Netlists as Yosys writes them."""

from cosim.logic_energy.cell import load_cells
from cosim.logic_energy.netlist import Netlist, build_netlist, library_cells
from cosim.logic_energy.record import PortRecord, record_of

from .library import LIBRARY

__all__ = ["THREE_CELLS", "TOGGLER", "module", "netlist", "record"]


def module(ports: dict[str, tuple[str, list]], cells: dict[str, tuple[str, dict]]) -> dict:
    """Return a module; ports are (direction, bits), cells are (type, bits of each pin)."""
    return {
        "ports": {name: {"direction": direction, "bits": bits}
                  for name, (direction, bits) in ports.items()},
        "cells": {name: {"type": kind, "connections": {
            pin: bits if isinstance(bits, list) else [bits] for pin, bits in pins.items()}}
            for name, (kind, pins) in cells.items()}}


def netlist(design: dict) -> Netlist:
    return build_netlist(design, load_cells(LIBRARY, library_cells(design))[1])


def record(**values) -> PortRecord:
    """Return a record of ports of one bit each."""
    return record_of(values, dict.fromkeys(values, 1))


# y = register of not (a and not b). Nets: a 3, b 4, not b 5, nand 6, y 7.
THREE_CELLS = module(
    {"clk": ("input", [2]), "a": ("input", [3]), "b": ("input", [4]), "y": ("output", [7])},
    {r"$flatten\gate.$1": ("inv", {"A": 4, "Y": 5}),
     r"$flatten\gate.$2": ("nand2", {"A": 3, "B": 5, "Y": 6}),
     "$3": ("dff", {"CLK": 2, "D": 6, "Q": 7})})

# y changes in every cycle after one in which e is 1.
TOGGLER = module(
    {"clk": ("input", [2]), "e": ("input", [3]), "y": ("output", [4])},
    {"$1": ("dffe", {"CLK": 2, "D": 5, "E": 3, "Q": 4, "QN": 5})})
