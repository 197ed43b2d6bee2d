"""Designs are the figures of their runs; the front holds what none beats."""

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from cosim.comparison import MEASURES, fronts_of, read_designs, warnings_of
from cosim.comparison.front import front
from cosim.report import ContentError
from tests.cosim.report.folders import change, write_run_folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    write_run_folder(root / "a" / "run", seed=5)
    write_run_folder(root / "b" / "run", seed=8, labels=False, wrong=1)
    write_run_folder(root / "c", seed=5, source="cifar10:test")
    return [root / "a" / "run", root / "b" / "run", root / "c"]


@pytest.fixture
def design(folders):
    return replace(read_designs(folders)[0], images=1000)


def test_figures_are_those_of_the_runs(folders):
    designs = read_designs(folders)
    assert [design.name for design in designs] == ["a/run", "b/run", "c"]
    for folder, design in zip(folders, designs, strict=True):
        run = json.loads((folder / "run.json").read_text())
        context = json.loads((folder / "context.json").read_text())
        energy = run["energy_uj"]
        for key in ("network", "config", "accuracy", "images", "images_from", "clock_mhz",
                    "frames_per_second", "utilisation", "bit_exact"):
            assert getattr(design, key) == run[key]
        assert design.on_chip_uj == energy["total_on_chip"] and design.total_uj == energy["total"]
        assert design.cycles == run["counts"]["cycles"] and design.table == energy["table"]
        assert design.memory_bits == context["processor"]["memory_bits"]
        assert design.images_sha256 == context["images"]["sha256"]


def test_without_context_memory_is_not_known(tmp_path, folders):
    write_run_folder(tmp_path / "bare")
    (tmp_path / "bare" / "context.json").unlink()
    bare = read_designs([tmp_path / "bare", folders[0]])[0]
    assert bare.memory_bits is None and bare.images_sha256 is None
    assert "Memory is not recorded in bare." in warnings_of(
        [bare, read_designs(folders)[0]])


def test_at_least_two_runs_and_each_once(folders, tmp_path):
    with pytest.raises(ValueError, match="at least two runs, not 1"):
        read_designs(folders[:1])
    with pytest.raises(ValueError, match="must be named once, not twice"):
        read_designs([folders[0], folders[1], folders[0] / "run.json"])
    with pytest.raises(NotADirectoryError):
        read_designs([folders[0], tmp_path / "absent"])
    write_run_folder(tmp_path / "damaged")
    change(tmp_path / "damaged" / "run.json", "clock_mhz", value=KeyError)
    with pytest.raises(ContentError, match="clock_mhz is missing"):
        read_designs([folders[0], tmp_path / "damaged"])


def beats(one, other) -> bool:
    return one[0] >= other[0] and one[1] <= other[1] and one != other


@pytest.mark.parametrize("seed", range(20))
def test_front_is_what_no_point_beats(seed):
    rng = np.random.default_rng(seed)
    points = [tuple(point) for point in rng.integers(0, 5, (8, 2)).tolist()]
    beaten = {index for (index, point), other in product(enumerate(points), points)
              if beats(other, point)}
    assert set(front(points)) == set(range(8)) - beaten


def test_fronts_leave_out_what_is_not_known(design):
    best = replace(design, accuracy=0.9, total_uj=1.0, cycles=10, memory_bits=None)
    unknown = replace(design, accuracy=None, total_uj=0.1, cycles=1, memory_bits=1)
    worse = replace(design, accuracy=0.8, total_uj=2.0, cycles=9, memory_bits=5)
    assert list(fronts_of([best, unknown, worse])) == list(MEASURES)
    assert fronts_of([best, unknown, worse]) == {
        "total_uj": [0], "cycles": [0, 2], "memory_bits": [2]}


def test_alike_designs_need_no_warning(design):
    assert warnings_of([design, replace(design, name="other")]) == []


@pytest.mark.parametrize(("difference", "sentence"), [
    ({"table": "mine"}, "Energies are by different tables: 28nm in a/run; mine in other."),
    ({"clock_mhz": 100.0}, "different clocks: 400 MHz in a/run; 100 MHz in other."),
    ({"images": 2000}, "different images: 1000 of images.npz in a/run; 2000 of images.npz in"),
    ({"images_from": "x:test"}, "Accuracies are on different images: "),
    ({"images_sha256": "0"}, "The images are of one name but not the same."),
    ({"bit_exact": False}, "other is not bit-exact: its figures are of wrong hardware."),
    ({"images": 4}, "fewer than 200 images say little: other (4)."),
])
def test_what_differs_is_said(design, difference, sentence):
    found = warnings_of([design, replace(design, name="other", **difference)])
    assert any(sentence in warning for warning in found)
    assert len(found) == (2 if difference == {"images": 4} else 1)
