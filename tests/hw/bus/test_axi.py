"""The emitted AXI top: standard ports, and nothing of its own for Verilator to complain about."""

import re
import subprocess

import pytest

from cosim import toolchain
from cosim.model import LINT_OFF
from hw.config import CONFIGURATIONS
from hw.emit import axi_verilog

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
