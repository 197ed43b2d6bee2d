"""Verilog of the processor, self-contained and the same text for the same configuration."""

from pathlib import Path

from amaranth.back import verilog

from .bus.axi import AxiProcessor
from .config import Configuration
from .lane import Lane
from .processor import Processor
from .technology import LANE_MODULE, Technology

__all__ = ["axi_verilog", "lane_verilog", "processor_verilog", "to_verilog"]

RAM = Path(__file__).with_name("ram.v")


def to_verilog(component, name: str) -> str:
    """Return a component that contains a processor, its lane and the memory module, as Verilog."""
    return "\n".join([
        _convert(component, name, Technology(shares_lanes=True)), lane_verilog(component.config)])


def lane_verilog(config: Configuration) -> str:
    """Return a lane as self-contained Verilog, top module :data:`hw.technology.LANE_MODULE`."""
    return "\n".join([_convert(Lane(config), LANE_MODULE, Technology()), RAM.read_text()])


def processor_verilog(config: Configuration) -> str:
    """Return the processor as self-contained Verilog, top module ``firstspike``."""
    return to_verilog(Processor(config), "firstspike")


def axi_verilog(config: Configuration) -> str:
    """Return the processor behind AXI as self-contained Verilog, top module ``firstspike_axi``."""
    return to_verilog(AxiProcessor(config), "firstspike_axi")


def _convert(component, name: str, technology: Technology) -> str:
    return verilog.convert(
        component, name=name, platform=technology, emit_src=False, strip_internal_attrs=True)
