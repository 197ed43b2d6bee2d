"""Running Yosys: its log, its complaints, and what is said if it is not there."""

import pytest

from cosim.synthesis import tools
from cosim.synthesis.tools import NEXTPNR, YOSYS, require, run_tool
from cosim.toolchain import ToolchainError


def test_a_missing_tool_names_the_extra(monkeypatch):
    monkeypatch.setattr(tools, "find_spec", lambda name: None if "nextpnr" in name else object())
    require(YOSYS)
    with pytest.raises(ToolchainError, match=r"^nextpnr-ecp5 is missing: .*'firstspike\[synth\]'"):
        require(YOSYS, NEXTPNR)


def test_the_log_is_returned_and_stays(tmp_path):
    shown = []
    text = run_tool(YOSYS, ["-p", "log we were here"], tmp_path,
                    progress=lambda *seen: shown.append(seen))
    assert "we were here" in text and (tmp_path / "yosys.log").read_text() == text
    assert {text.split(":")[0] for _, _, text in shown} <= {"yosys"}


def test_a_complaint_is_one_line_that_names_the_log(tmp_path):
    with pytest.raises(ToolchainError, match=rf"^yosys failed: .*nowhere\.v.*{tmp_path}/yosys.log"):
        run_tool(YOSYS, ["-p", "read_verilog nowhere.v"], tmp_path)


def test_a_tool_that_would_not_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(tools, "SECONDS_BETWEEN_LOOKS", 0.01)
    with pytest.raises(ToolchainError, match=rf"^yosys gave up: enough .*{tmp_path}/yosys.log"):
        run_tool(YOSYS, ["-p", "log we were here"], tmp_path, gives_up=lambda log: "enough")
