"""``firstspike synth``: what it writes, and what it refuses."""

import json
from pathlib import Path

import pytest

from cosim.cli import main
from cosim.synthesis import synthesis
from cosim.synthesis.tools import YOSYS

FOUND = {"total": {"cells": 10, "flip_flops": 4, "memory_bits": 64},
         "blocks": [{"block": "processor", "instances": 1, "cells": 10, "flip_flops": 4},
                    {"block": "lane", "instances": 2, "cells": 4, "flip_flops": 2}],
         "memories": [{"memory": "lane/spike", "instances": 2, "words": 8, "width_bits": 4,
                       "bits": 64}]}


@pytest.fixture
def calls(tmp_path, monkeypatch) -> list:
    """Calls of the synthesis, which takes no time and finds ``FOUND``."""
    made = []

    def work(folder, top, progress):
        made.append((folder / f"{top}.v").read_text().count("endmodule"))
        return FOUND

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(synthesis, "synthesise_generic", work)
    return made


def test_json_and_file_are_the_result(calls, capsys):
    assert main(["synth", "--config", "tiny", "-o", "out", "--json"]) == 0
    printed = capsys.readouterr().out
    found = json.loads(printed)
    assert json.loads(Path("out/synth.json").read_text()) == found
    assert found["total"] == FOUND["total"] and found["config"] == "tiny"
    assert found["target"] == "generic" and set(found["tools"]) == {"yosys"}


def test_the_same_verilog_is_synthesised_once(calls, monkeypatch):
    for config in ("tiny", "tiny", "demo"):
        assert main(["synth", "--config", config]) == 0
    assert len(calls) == 2 and all(calls)
    monkeypatch.setattr(synthesis, "versions", lambda *tools: {YOSYS.name: "newer"})
    assert main(["synth", "--config", "tiny"]) == 0
    assert len(calls) == 3


def test_a_table_has_shares_of_the_whole(calls, capsys):
    assert main(["synth"]) == 0
    printed = capsys.readouterr().out
    lane, = (line.split() for line in printed.splitlines() if line.startswith("lane "))
    assert lane == ["lane", "2", "4", "2", "80.0%"]
    assert "10 cells, 4 of them flip-flops, 64 bits of memory" in printed


@pytest.mark.parametrize("arguments, complaint", [
    (["--target", "ice40"], "target must be generic, ecp5 or a .lib or .lib.gz file, not 'ice40'"),
    (["--target", "none.lib"], "none.lib: No such file or directory"),
    (["--target", "bad.lib"], "bad.lib: not a Liberty file"),
    (["--config", "huge"], "config must be one of tiny, demo, fpga, compact, vgg, vgg-dense or a "
                           ".toml"),
    (["--target", "ecp5", "--grade", "5"], "grade must be 6, 7 or 8, not 5"),
    (["-o", "bad.lib"], "bad.lib: Not a directory")])
def test_bad_input_is_one_line(calls, tmp_path, capsys, arguments, complaint):
    (tmp_path / "bad.lib").write_text("nothing")
    assert main(["synth", *arguments]) == 2
    error = capsys.readouterr().err
    assert complaint in error and error.count("\n") == 1 and not calls


def test_a_missing_tool_is_one_line(calls, capsys, monkeypatch):
    monkeypatch.setattr("cosim.synthesis.tools.find_spec", lambda name: None)
    assert main(["synth"]) == 2
    assert "pip install 'firstspike[synth]'" in capsys.readouterr().err and not calls
