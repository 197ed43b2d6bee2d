"""Verilog of the processor, self-contained and the same text for the same configuration."""

from pathlib import Path

from amaranth.back import verilog

from .bus.axi import AxiProcessor
from .config import Configuration
from .processor import Processor

__all__ = ["axi_verilog", "processor_verilog", "to_verilog"]

RAM = Path(__file__).with_name("ram.v")


class Technology:
    """Platform of emitted Verilog: memories are instances of ``firstspike_ram``."""


def to_verilog(component, name: str) -> str:
    """Return a component and the memory module as Verilog text."""
    text = verilog.convert(
        component, name=name, platform=Technology(), emit_src=False, strip_internal_attrs=True)
    return f"{text}\n{RAM.read_text()}"


def processor_verilog(config: Configuration) -> str:
    """Return the processor as self-contained Verilog, top module ``firstspike``."""
    return to_verilog(Processor(config), "firstspike")


def axi_verilog(config: Configuration) -> str:
    """Return the processor behind AXI as self-contained Verilog, top module ``firstspike_axi``."""
    return to_verilog(AxiProcessor(config), "firstspike_axi")
