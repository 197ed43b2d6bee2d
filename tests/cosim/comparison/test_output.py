"""A comparison as text, JSON, page, picture and table."""

import csv
import json
from xml.etree import ElementTree

import pytest
from matplotlib.colors import to_hex

from cosim.cli import main
from cosim.comparison import read_designs
from cosim.comparison.picture import BEATEN, FRONT, front_figure
from tests.cosim.report.folders import change, write_run_folder
from tests.cosim.report.html import Page


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Three runs: the second beats the third, and the first has the highest accuracy."""
    root = tmp_path_factory.mktemp("runs")
    for name, accuracy, energy in (("a", 0.9, 30.0), ("<b>", 0.8, 10.0), ("c", 0.7, 20.0)):
        write_run_folder(root / name, source="cifar10:test")
        change(root / name / "run.json", "accuracy", value=accuracy)
        change(root / name / "run.json", "energy_uj", "total", value=energy)
    return [str(root / name) for name in ("a", "<b>", "c")]


def test_text_has_a_line_for_each_and_says_what_counts_against_it(folders, capfd):
    assert main(["compare", *folders]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[1] == "2  <b>: format-6 on tiny, 4 of cifar10:test"
    figures = [line.split() for line in lines if "%" in line]
    assert [row[0] for row in figures] == ["1", "2", "3"] and max(map(len, lines)) <= 100
    assert [row[3] for row in figures] == ["30.00", "10.00", "20.00"]
    assert "unbeaten in accuracy and µJ per image: 1, 2" in lines
    assert "unbeaten in accuracy and cycles per image: 1" in lines
    assert any("fewer than 200 images" in line for line in lines)


def test_json_has_figures_fronts_and_warnings(folders, capfd):
    assert main(["compare", *folders, "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert [design["total_uj"] for design in found["designs"]] == [30, 10, 20]
    assert found["fronts"] == {"total_uj": ["a", "<b>"], "cycles": ["a"], "memory_bits": ["a"]}
    assert len(found["warnings"]) == 1


def test_page_is_whole_and_names_stay_text(folders, tmp_path):
    assert main(["compare", *folders, "-o", str(tmp_path / "x.html")]) == 0
    page = Page((tmp_path / "x.html").read_text(encoding="utf-8"))
    assert "b" not in page.tags and "<b>" in page.text
    assert {0.9, 0.8, 0.7, 10, 20, 30} <= set(page.figures)
    assert all(target.startswith("data:") for _, _, target in page.references)


def test_table_and_picture(folders, tmp_path):
    assert main(["compare", *folders, "-o", str(tmp_path / "x.csv")]) == 0
    with (tmp_path / "x.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["a", "<b>", "c"]
    assert [float(row["total_uj"]) for row in rows] == [30, 10, 20]
    assert main(["compare", *folders, "-o", str(tmp_path / "x.svg")]) == 0
    assert ElementTree.parse(tmp_path / "x.svg").getroot().tag.endswith("svg")


def test_other_files_are_refused_before_anything_is_read(tmp_path, capfd):
    assert main(["compare", "absent", "missing", "-o", str(tmp_path / "x.pdf")]) == 2
    assert "must end in .html, .svg, .csv, not '.pdf'" in capfd.readouterr().err
    assert main(["compare", "absent"]) == 2
    assert "at least two runs" in capfd.readouterr().err


@pytest.mark.parametrize("width", [10, 3.75])
def test_picture_marks_the_front(folders, width):
    panel = front_figure(read_designs(folders), width).axes[0]
    marks = [(line.get_xdata().item(), line.get_ydata().item(), to_hex(line.get_color()))
             for line in panel.lines if line.get_marker() == "o" and line.get_xdata().size == 1]
    assert marks == [(30, 90, FRONT), (10, 80, FRONT), (20, 70, BEATEN)]
    assert [text.get_text() for text in panel.texts] == ["1", "2", "3", "published"]
