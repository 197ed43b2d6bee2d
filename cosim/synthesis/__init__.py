"""How large a processor is and how fast: synthesis with Yosys, place and route with nextpnr."""

from .synthesis import SYNTHESIS_FILE, Target, find_target, synthesise

__all__ = ["SYNTHESIS_FILE", "Target", "find_target", "synthesise"]
