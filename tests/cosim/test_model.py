"""Simulation models are compiled once, and what they have in common once for all of them."""

from dataclasses import replace

import pytest

import cosim.model
from cosim.model import build_model
from hw.config import CONFIGURATIONS

TINY = CONFIGURATIONS["tiny"]
SMALL = replace(TINY, name="small", lanes=2, potential_depth=64)

pytestmark = [pytest.mark.rtl, pytest.mark.xdist_group("commands")]


def forbid_compiling(monkeypatch):
    def fail(*arguments):
        pytest.fail("the model must not be compiled again")
    monkeypatch.setattr(cosim.model, "_compile", fail)


def test_a_model_is_ready_at_once_when_it_is_there(build_root, monkeypatch):
    first = build_model(TINY, build_root)
    forbid_compiling(monkeypatch)
    again = build_model(TINY, build_root)
    assert again.directory == first.directory and again.build_seconds < 2


def test_a_source_that_changes_no_verilog_costs_no_compilation(build_root, monkeypatch):
    first = build_model(TINY, build_root)
    forbid_compiling(monkeypatch)
    texts = [*cosim.model._sources(), "# another comment\n"]
    monkeypatch.setattr(cosim.model, "_sources", lambda: texts)
    assert build_model(TINY, build_root).directory == first.directory


def test_the_runtime_is_compiled_once(tmp_path):
    logs = []
    for config in (SMALL, replace(SMALL, queue_depth=4)):
        directory = build_model(config, tmp_path).directory
        logs.append((directory / "build.log").read_text())
        assert (directory / "harness").exists()
        assert not any(directory.glob("*.o")) and not any(directory.glob("*.gch"))
    assert "-o verilated.o" in logs[0] and "-o verilated.o" not in logs[1]


def test_configurations_have_models_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(cosim.model, "_compile", lambda *arguments: None)
    names = {build_model(config, tmp_path).directory.name
             for config in (SMALL, replace(SMALL, queue_depth=4), TINY)}
    names.add(build_model(TINY, tmp_path, waves=True).directory.name)
    assert len(names) == 4
