"""Maps a network onto one processor: instructions, memory contents, addresses."""

from .allocation import CompileError
from .mapping import compile_network
from .packets import Packet
from .program import FirePlan, GroupPlan, LayerPlan, Program, write_program

__all__ = ["CompileError", "FirePlan", "GroupPlan", "LayerPlan", "Packet", "Program",
           "compile_network", "write_program"]
