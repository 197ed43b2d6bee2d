"""What surrounds the processor in co-simulation: files on its streams, no Python per cycle."""

from .harness import STREAMS, Harness

__all__ = ["STREAMS", "Harness"]
