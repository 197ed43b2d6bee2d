"""What components become when they are emitted as Verilog, and not simulated in Amaranth."""

from dataclasses import dataclass

from amaranth import *
from amaranth.lib import wiring

__all__ = ["LANE_MODULE", "Technology", "instance_of"]

LANE_MODULE = "firstspike_lane"


@dataclass(frozen=True)
class Technology:
    """Platform of emitted Verilog: memories are instances of ``firstspike_ram``.

    ``shares_lanes``: lanes are instances of one module, :data:`LANE_MODULE`, that is emitted
    on its own. Text, compilation and synthesis then do not grow with the number of lanes.
    """

    shares_lanes: bool = False


def instance_of(component: wiring.Component, module: str) -> Instance:
    """Return an instance of the module as which ``component`` is emitted elsewhere."""
    ports = {"i_clk": ClockSignal(), "i_rst": ResetSignal()}
    for path, member, value in component.signature.flatten(component):
        direction = "i" if member.flow == wiring.In else "o"
        ports[f"{direction}_{'__'.join(map(str, path))}"] = Value.cast(value)
    return Instance(module, **ports)
