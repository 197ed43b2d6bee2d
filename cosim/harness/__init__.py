"""What surrounds the processor in co-simulation: files on its streams, no Python per cycle."""

from .harness import VERILOG, Harness

__all__ = ["VERILOG", "Harness"]
