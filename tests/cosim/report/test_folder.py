"""Run folders that cannot be shown: one line that names file, key and rule."""

import json

import numpy as np
import pytest

from cosim.cli import main
from cosim.report import ContentError, read_folder
from cosim.report.content import check_content
from tests.cosim.report.folders import change, write_prediction, write_run_folder


@pytest.fixture
def folder(tmp_path):
    write_run_folder(tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.parametrize(("file", "keys", "value", "reason"), [
    ("run.json", ["accuracy"], KeyError, "run.json: accuracy is missing"),
    ("run.json", ["layers", 0, "cycles"], KeyError, "run.json: layers[0].cycles is missing"),
    ("run.json", ["layers"], [], "layers must be a list, not []"),
    ("run.json", ["counts", "events"], "9", 'counts.events must be a number, not "9"'),
    ("run.json", ["images"], 2.5, "images must be a whole number, not 2.5"),
    ("run.json", ["bit_exact"], 1, "bit_exact must be true or false, not 1"),
    ("run.json", ["accuracy"], "high", 'accuracy must be a number or null, not "high"'),
    ("run.json", ["energy_uj", "dram"], None, "energy_uj.dram must be a number, not null"),
    ("run.json", ["energy_uj", "total"], float("nan"), "energy_uj.total must be a number, not NaN"),
    ("run.json", ["components_uj", "clock"], KeyError, "components_uj.clock is missing"),
    ("run.json", ["energy_rows", 3, "source"], 5, "energy_rows[3].source must be text, not 5"),
    ("run.json", ["versions", "numpy"], 2, "versions.numpy must be text, not 2"),
    ("run.json", ["chain"], {"float": 0.5}, "run.json: chain.time_coded is missing"),
    ("run.json", ["prediction"], {"equal_images": 1}, "prediction.first_difference is missing"),
    ("context.json", ["command"], KeyError, "context.json: command is missing"),
    ("context.json", ["network", "layers", 0, "name"], "other", "is of another run"),
])
def test_what_is_missing_or_of_another_kind_is_named(folder, file, keys, value, reason, capfd):
    change(folder / file, *keys, value=value)
    with pytest.raises(ContentError) as found:
        read_folder(folder)
    assert reason in str(found.value) and str(folder / file) in str(found.value)
    assert main(["report", str(folder)]) == 2
    error = capfd.readouterr().err
    assert error.startswith("firstspike: ") and error.count("\n") == 1
    assert not (folder / "report.html").exists()


def test_files_that_are_none(folder, tmp_path):
    for content in ("no object", "[]", "1"):
        (folder / "run.json").write_text(content)
        with pytest.raises(ContentError, match=r"run\.json: (not JSON|the content must be an obj)"):
            read_folder(folder)
    (folder / "run.json").unlink()
    with pytest.raises(ContentError, match=r"must hold run\.json or prediction\.json"):
        read_folder(folder)
    for path in (tmp_path / "absent", folder / "context.json"):
        with pytest.raises(NotADirectoryError):
            read_folder(path)


def test_activity_must_be_of_the_network(folder):
    path = folder / "activity.npz"
    with np.load(path) as found:
        arrays = dict(found)
    name = next(key for key in arrays if key.endswith(".histogram"))
    np.savez(path, **(arrays | {name: arrays[name][:-1]}))
    with pytest.raises(ContentError, match=f"{name} must have shape"):
        read_folder(folder)
    del arrays[name]
    np.savez(path, **arrays)
    with pytest.raises(ContentError, match=f"{name} are missing"):
        read_folder(folder)
    path.write_text("text")
    with pytest.raises(ContentError, match=r"not an \.npz file"):
        read_folder(folder)


def test_the_result_is_that_of_most_images(folder):
    run = json.loads((folder / "run.json").read_text())
    assert read_folder(folder).result == run == read_folder(folder / "run.json").result
    prediction = write_prediction(folder, run)
    found = read_folder(folder)
    assert found.result == prediction and found.run == run
    change(folder / "prediction.json", "config_sha256", value="other")
    with pytest.raises(ContentError, match="must have one config_sha256, not"):
        read_folder(folder)


def test_synthesis_may_have_more_and_must_be_right(folder):
    synthesis = {"config": "tiny", "config_sha256": "0", "target": "ecp5",
                 "total": {"luts": 1, "flip_flops": 1, "memory_bits": 1},
                 "blocks": [{"block": "top", "instances": 1, "luts": 1.5, "flip_flops": 1}]}
    (folder / "synth.json").write_text(json.dumps(synthesis))
    assert read_folder(folder).synthesis == synthesis
    (folder / "synth.json").write_text(json.dumps(synthesis | {"clock_mhz": "fast"}))
    with pytest.raises(ContentError, match="clock_mhz must be a number"):
        read_folder(folder)
    del synthesis["total"]["luts"]
    (folder / "synth.json").write_text(json.dumps(synthesis))
    with pytest.raises(ContentError, match=r"total\.luts is missing"):
        read_folder(folder)
    synthesis["total"] |= {"luts": 3, "carries": 1}         # of blocks, too
    (folder / "synth.json").write_text(json.dumps(synthesis))
    with pytest.raises(ContentError, match=r"blocks\[0\].carries is missing"):
        read_folder(folder)
    (folder / "synth.json").write_text(json.dumps(synthesis | {"target": "generic"}))
    with pytest.raises(ContentError, match=r"total\.cells is missing"):
        read_folder(folder)
    synthesis["total"]["area_um2"] = "large"
    (folder / "synth.json").write_text(json.dumps(synthesis))
    with pytest.raises(ContentError, match=r"total\.area_um2 must be a number"):
        read_folder(folder)


@pytest.mark.parametrize(("content", "shape"), [
    (1, float), (1.5, float), (1, int), ("a", str), (None, (int, type(None))),
    ({"a": 1}, {str: int}), ({}, {str: int}), ([], list), ([[1]], [[int]]),
    ({"a": 1, "b": 2}, {"a": int})])
def test_content_that_fits(content, shape):
    check_content(content, shape, "file")


@pytest.mark.parametrize(("content", "shape"), [
    (True, float), (True, int), (1.0, int), (float("inf"), float), (1, bool), (None, dict),
    ({"a": "x"}, {str: int}), ([], [int]), ([1, "x"], [int]), ({"b": 2}, {"a": int}),
    ("a", (int, type(None)))])
def test_content_that_does_not_fit(content, shape):
    with pytest.raises(ContentError, match=r"^file: "):
        check_content(content, shape, "file")
