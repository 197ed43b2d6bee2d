"""Emitted Verilog: the same text each time, self-contained, and free of Verilator's complaints."""

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from cosim import toolchain
from cosim.model import LINT_OFF
from hw.config import CONFIGURATIONS
from hw.emit import processor_verilog
from hw.ram import Ram
from hw.technology import LANE_MODULE
from tests.hw.configurations import SMALL
from tests.hw.streams import clocked

# One worker emits a configuration, once.
TOGETHER = {name: pytest.mark.xdist_group(f"emit {name}") for name in CONFIGURATIONS}


@pytest.fixture(scope="module", params=[
    pytest.param("tiny", marks=TOGETHER["tiny"]), pytest.param("demo", marks=TOGETHER["demo"]),
    pytest.param("vgg", marks=[TOGETHER["vgg"], pytest.mark.slow])])
def emitted(request) -> str:
    return processor_verilog(CONFIGURATIONS[request.param])


def test_has_each_module_once(emitted):
    modules = re.findall(r"^module (\S+?)\s*[(#]", emitted, re.MULTILINE)
    assert {"firstspike", LANE_MODULE, "firstspike_ram"} <= set(modules)
    assert len(modules) == len(set(modules))


def test_lanes_are_instances_of_one_module():
    lanes = 8
    text = processor_verilog(replace(SMALL, lanes=lanes))
    instances = re.findall(rf"^  {LANE_MODULE} (\S+) \((.*?)^  \);", text, re.MULTILINE | re.DOTALL)
    module = re.search(rf"^module {LANE_MODULE}\((.*?)\);", text, re.MULTILINE | re.DOTALL)
    ports = set(re.findall(r"\w+", module[1]))
    assert [name for name, _ in instances] == [f"lane_{index}" for index in range(lanes)]
    for index, (_, connections) in enumerate(instances):
        found = dict(re.findall(r"^    \.\\?(\w+) ?\((.*)\),?$", connections, re.MULTILINE))
        assert found.keys() == ports
        assert found["index"] == f"3'h{index}"


def test_verilator_finds_nothing_to_complain_about(emitted, tmp_path):
    path = tmp_path / "firstspike.v"
    path.write_text(emitted)
    finished = subprocess.run(
        ["verilator", "--lint-only", *LINT_OFF, "--top-module", "firstspike", path],
        env=toolchain.environment(), capture_output=True, text=True)
    assert (finished.returncode, finished.stderr) == (0, "")


def test_the_same_text_twice():
    script = ("import hashlib, hw.config, hw.emit; print(hashlib.sha256(hw.emit.processor_verilog("
              "hw.config.CONFIGURATIONS['tiny']).encode()).hexdigest())")
    finished = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | {"PYTHONHASHSEED": "7"},
        capture_output=True, text=True, check=True)
    text = processor_verilog(CONFIGURATIONS["tiny"])
    assert finished.stdout.strip() == hashlib.sha256(text.encode()).hexdigest()


def test_a_read_beside_a_write_to_the_same_word_is_wrong_in_every_bit():
    dut = Ram(8, 4)
    seen = clocked(dut, [
        {"write": 1, "write_address": 2, "write_data": 5},
        {"write_data": 6, "read": 1, "read_address": 2}, {"write": 0}, {"read": 0}, {}],
        [dut.read_data])
    assert [word for word, in seen[2:]] == [5 ^ 0xFF, 6, 6]
