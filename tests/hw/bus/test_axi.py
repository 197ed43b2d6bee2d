"""The emitted AXI top: standard ports, and nothing of its own for Verilator to complain about."""

import re
import subprocess

import pytest
from amaranth.hdl import Fragment, Value
from amaranth.hdl._ir import build_netlist
from amaranth.hdl._nir import FlipFlop, Instance

from cosim import toolchain
from cosim.model import LINT_OFF
from hw.bus.axi import AxiProcessor
from hw.config import CONFIGURATIONS
from hw.emit import Technology, axi_verilog

TOP = "firstspike_axi"
PORTS = {
    "s_axi": ["awaddr 12", "awprot 3", "awvalid 1", "awready 1", "wdata 32", "wstrb 4", "wvalid 1",
              "wready 1", "bresp 2", "bvalid 1", "bready 1", "araddr 12", "arprot 3", "arvalid 1",
              "arready 1", "rdata 32", "rresp 2", "rvalid 1", "rready 1"],
    "s_axis_load": ["tdata 32", "tvalid 1", "tready 1", "tlast 1"],
    "m_axis_readout": ["tdata 32", "tvalid 1", "tready 1", "tlast 1"]}
# Ports that the other side drives.
INPUTS = re.compile(r"s_axi_(aw|w|ar)(?!ready)|s_axi_[br]ready|s_axis_.*t(data|valid|last)"
                    r"|m_axis_.*tready|aclk|aresetn")


@pytest.fixture(scope="module")
def emitted(tmp_path_factory):
    path = tmp_path_factory.mktemp("axi") / f"{TOP}.v"
    path.write_text(axi_verilog(CONFIGURATIONS["tiny"]))
    return path


def combinational_inputs(component) -> dict[str, set[str]]:
    """Return the inputs that each output depends on in the same cycle; memories are instances."""
    netlist = build_netlist(
        Fragment.get(component, Technology()), name=TOP,
        ports=[Value.cast(getattr(component, port)) for port in component.signature.members])
    top = netlist.cells[0]
    names = {first + bit: name for name, (first, width) in top.ports_i.items()
             for bit in range(width)}
    found = {}
    for name, value in top.ports_o.items():
        pending, seen = list(value), set()
        found[name] = set()
        while pending:
            net = pending.pop()
            if net.is_late:
                net = netlist.connections[net]
            if net in seen or net.is_const:
                continue
            seen.add(net)
            cell = netlist.cells[net.cell]
            if cell is top:
                found[name].add(names[net.bit])
            elif not isinstance(cell, FlipFlop | Instance):
                pending += [source for source, _ in cell.comb_edges_to(net.bit)]
    return found


def lint(path, *options) -> str:
    return subprocess.run(["verilator", "--lint-only", *options, "--top-module", TOP, path],
                          env=toolchain.environment(), capture_output=True, text=True).stderr


def test_ports_have_their_standard_names(emitted):
    text = emitted.read_text()
    module = text[text.index(f"module {TOP}("):]
    found = re.findall(r"^  (input|output) (?:\[(\d+):0\] )?(\w+);",
                       module[:module.index("endmodule")], re.MULTILINE)
    expected = ["aclk 1", "aresetn 1", "irq 1",
                *(f"{prefix}_{port}" for prefix, ports in PORTS.items() for port in ports)]
    assert sorted(f"{name} {int(high or 0) + 1}" for _, high, name in found) == sorted(expected)
    assert all((direction == "input") == bool(INPUTS.match(name)) for direction, _, name in found)


def test_verilator_finds_nothing_to_complain_about(emitted):
    assert lint(emitted, *LINT_OFF) == ""


def test_verilator_has_nothing_to_say_about_the_bus_itself(emitted):
    places = re.findall(rf"%Warning-\w+: [^\n]*\n[^\n]*In instance '({TOP}[\w.]*)'", lint(emitted))
    assert places
    assert {place for place in places if not place.startswith(f"{TOP}.processor")} == set()


def test_no_output_depends_on_an_input_of_the_same_cycle():
    found = combinational_inputs(AxiProcessor(CONFIGURATIONS["tiny"]))
    assert "s_axis_load_tready" in found and set().union(*found.values()) == set()
