"""The report: every figure exactly, one page that needs nothing else, names that stay text."""

import base64
import json
import re
from xml.etree import ElementTree

import pytest

from cosim.cli import main
from cosim.report import read_folder, render_report
from tests.cosim.report.folders import change, write_prediction, write_run_folder
from tests.cosim.report.html import Page

NAMES = ["<script>alert(1)</script>", "a & b \"quoted\" 'name'"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "run"
    write_run_folder(path)
    return path


@pytest.fixture(scope="module")
def text(folder):
    return render_report(read_folder(folder))


def numbers_of(content) -> list[float]:
    """Return every number in plain data."""
    if isinstance(content, dict | list):
        inner = content.values() if isinstance(content, dict) else content
        return [number for value in inner for number in numbers_of(value)]
    return [content] if type(content) in (int, float) else []


def test_figures_are_exactly_those_of_the_run(folder, text):
    run, shown = json.loads((folder / "run.json").read_text()), set(Page(text).figures)
    expected = [run[key] for key in ("images", "accuracy", "utilisation", "frames_per_second",
                                     "clock_mhz", "bit_exact_images", "energy_uj", "area_mm2",
                                     "dram_sensitivity_uj", "simulation")]
    expected += [[run["counts"][name] for name in ("cycles", "synaptic_operations", "events",
                                                   "dram_read_bits", "queue_stall_cycles")]]
    for layer in run["layers"]:
        expected += [layer["cycles"], layer["utilisation"], layer["counts"]["events"],
                     layer["counts"]["synaptic_operations"]]
    for row in run["energy_rows"]:
        expected += [row["count"], row["energy_pj"], row["energy_uj"]]
    missing = set(numbers_of(expected)) - shown
    assert len(numbers_of(expected)) > 100 and not missing


def test_network_is_that_of_the_context(folder, text):
    network = json.loads((folder / "context.json").read_text())["network"]
    page = Page(text)
    for layer in network["layers"]:
        assert layer["name"] in page.text
        assert {layer["weights"], layer["nonzero"], layer["density"],
                layer["dense_operations"]} <= set(page.figures)


def test_page_is_well_formed_and_needs_nothing_else(text):
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>") and len(page.ids) == len(set(page.ids))
    assert "script" not in page.tags and "iframe" not in page.tags
    for tag, key, target in page.references:
        if key == "href" and tag == "a":
            assert target.startswith("https://arxiv.org/") or target[1:] in page.ids, target
        else:
            assert target.startswith("data:"), target[:60]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    assert "url(" not in style and "@import" not in style


def test_pictures_are_drawings_for_two_widths(text):
    pictures = re.findall(r'(?:src|srcset)="data:image/svg\+xml;base64,([^"]+)"', text)
    assert len(pictures) == 2 * 5 and len(set(pictures)) > 5
    for picture in pictures:
        assert ElementTree.fromstring(base64.b64decode(picture)).tag.endswith("svg")
    assert text.count('alt="') == text.count("<img ")


def test_the_same_folder_gives_the_same_page(folder, text):
    assert render_report(read_folder(folder)) == text


def test_commands_and_hashes_are_named(folder, text):
    run, page = json.loads((folder / "run.json").read_text()), Page(text)
    context = json.loads((folder / "context.json").read_text())
    for word in (run["network_sha256"], run["config_sha256"], context["images"]["sha256"],
                 context["command"], run["energy_uj"]["table"],
                 f"torch {run['versions']['torch']}"):
        assert word in page.text


def test_sentences_are_apart(folder, text):
    assert not re.findall(r"\w[.:;,][A-Z]\w+", Page(text).text)


def test_leaky_networks_have_a_report(tmp_path):
    write_run_folder(tmp_path / "run", neuron="lif")
    page = Page(render_report(read_folder(tmp_path / "run")))
    assert "Leaky neurons" in page.text and "spikes" in page.ids


def test_without_a_record_there_is_less(tmp_path):
    write_run_folder(tmp_path)
    (tmp_path / "activity.npz").unlink()
    assert {"network", "cycles"} <= set(Page(render_report(read_folder(tmp_path))).ids)
    (tmp_path / "context.json").unlink()
    page = Page(render_report(read_folder(tmp_path)))
    assert not {"network", "spikes"} & set(page.ids) and {"energy", "area"} <= set(page.ids)


@pytest.mark.parametrize("name", NAMES)
def test_names_are_text_and_never_markup(tmp_path, name):
    write_run_folder(tmp_path)
    for file, *keys in (("run.json", "network"), ("run.json", "images_from"),
                        ("run.json", "layers", 0, "name"), ("run.json", "energy_rows", 0, "source"),
                        ("context.json", "network", "layers", 0, "name"),
                        ("context.json", "command")):
        change(tmp_path / file, *keys, value=name)
    (tmp_path / "activity.npz").unlink()
    page = Page(render_report(read_folder(tmp_path)))
    assert "script" not in page.tags and page.text.count(" ".join(name.split())) >= 6


def test_wrong_hardware_is_said_first(tmp_path):
    run = write_run_folder(tmp_path, wrong=3)
    page, place = Page(render_report(read_folder(tmp_path))), run["first_divergence"]
    assert "The hardware is wrong: on 3 of 4 simulated images" in page.text
    assert f"expected {place['expected']}, found {place['found']}" in page.text
    assert "hardware was simulated" not in page.text


def test_images_without_labels(tmp_path):
    write_run_folder(tmp_path, labels=False)
    assert "no labels" in Page(render_report(read_folder(tmp_path))).text


def test_a_prediction_is_shown_with_the_run_beside_it(tmp_path):
    run = write_run_folder(tmp_path)
    prediction = write_prediction(tmp_path, run)
    page = Page(render_report(read_folder(tmp_path)))
    assert prediction["counts"]["cycles"] in page.figures
    assert run["counts"]["cycles"] not in page.figures
    assert "recognises 75.00 % of 1,000 images" in page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "simulated on 4 images and computed the scores exactly" in page.text
    (tmp_path / "run.json").unlink()
    assert "Nothing was simulated" in Page(render_report(read_folder(tmp_path))).text


GATES = {"total": {"cells": 7001, "flip_flops": 702, "memory_bits": 70003},
         "blocks": [{"block": "lane", "instances": 4, "cells": 1501, "flip_flops": 52}]}
CHIP = {"clock_mhz": 61.5, "device": "LFE5U-85F-8", "resources": {"luts": 9001, "flip_flops": 703},
        "critical_path": {"delay_ps": 16260, "from": "lane", "to": "scores", "signal": "x"},
        "total": {"luts": 8001, "carries": 205, "flip_flops": 702, "memory_bits": 70003},
        "blocks": [{"block": "lane", "instances": 4, "luts": 1501, "carries": 31,
                    "flip_flops": 52.5}]}


@pytest.mark.parametrize("target, found, figures", [
    ("generic", GATES, {7001, 702, 70003, 4, 1501, 52}),
    ("ecp5", CHIP, {61.5, 9001, 703, 16260, 70003, 4, 1501, 31, 52.5})])
def test_synthesis_is_shown_if_it_is_there(tmp_path, target, found, figures):
    write_run_folder(tmp_path)
    (tmp_path / "synth.json").write_text(json.dumps(
        {"config": "tiny", "config_sha256": "0", "target": target} | found))
    page = Page(render_report(read_folder(tmp_path)))
    assert f"Synthesised for {target}" in page.text and "of another processor" in page.text
    assert figures <= set(page.figures)


def test_command_writes_beside_the_run_or_elsewhere(folder, text, tmp_path, capfd):
    assert main(["report", str(folder), "-o", str(tmp_path / "page.html")]) == 0
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == text
    assert main(["report", str(folder)]) == 0
    assert (folder / "report.html").read_text(encoding="utf-8") == text
    assert f"wrote {folder / 'report.html'}" in capfd.readouterr().out
