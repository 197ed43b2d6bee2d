"""The picture of a log: drawn from its lines alone, and showing what they say."""

import struct
import subprocess
import sys

import matplotlib.colors
import matplotlib.image
import numpy as np
import pytest

from algo.training import plots
from algo.training.log import append_line
from algo.training.plots import plot_log, stage_spans


def written(path, stages, *, loss=lambda epoch: 2 / epoch, validation=lambda epoch: 1 - 1 / epoch):
    total = 0
    for name, epochs in stages:
        for epoch in range(1, epochs + 1):
            total += 1
            append_line(path, {"stage": name, "form": name, "epoch": epoch, "loss": loss(total),
                               "validation": validation(total), "density": 1.0, "seconds": 1.0})
    return path


def ink(picture, colour):
    """Return rows and columns of the pixels of a colour."""
    pixels = matplotlib.image.imread(picture)[:, :, :3]
    wanted = np.array(matplotlib.colors.to_rgb(colour))
    return np.nonzero((abs(pixels - wanted) < 0.02).all(axis=2))


STAGES = [("relu", 6), ("clip", 10), ("time", 13), ("log", 5)]


def test_spans_of_stages():
    entries = [{"stage": name} for name, epochs in STAGES for _ in range(epochs)]
    assert stage_spans(entries) == [("relu", 1, 6), ("clip", 7, 16), ("time", 17, 29),
                                    ("log", 30, 34)]
    assert stage_spans([]) == []


def test_picture_has_both_curves(tmp_path):
    log, picture = written(tmp_path / "log.jsonl", STAGES), tmp_path / "training.png"
    plot_log(log, picture)
    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    rows = {colour: ink(picture, colour)[0] for colour in (plots.LOSS, plots.ACCURACY)}
    assert rows[plots.LOSS].max() < rows[plots.ACCURACY].min()
    assert rows[plots.LOSS].min() < 0.2 * height and rows[plots.ACCURACY].max() > 0.8 * height
    for colour in rows:
        columns = ink(picture, colour)[1]
        assert columns.min() < 0.15 * width and columns.max() > 0.9 * width
    assert sorted(tmp_path.iterdir()) == [log, picture]


def test_every_other_stage_is_shaded(tmp_path):
    log, picture = written(tmp_path / "log.jsonl", STAGES), tmp_path / "training.png"
    plot_log(log, picture)
    pixels = matplotlib.image.imread(picture)[:, :, :3]
    shade = np.array(matplotlib.colors.to_rgb(plots.SHADE))
    columns = (abs(pixels - shade) < 0.01).all(axis=2).mean(axis=0) > 0.5
    edges = np.flatnonzero(np.diff(columns.astype(int)))
    assert columns.any() and len(edges) in (4, 5)   # two stretches; where a curve is may be a gap


def test_picture_depends_on_the_log_alone(tmp_path):
    pictures = []
    for name in ("a", "b"):
        plot_log(written(tmp_path / f"{name}.jsonl", STAGES), tmp_path / f"{name}.png")
        pictures.append((tmp_path / f"{name}.png").read_bytes())
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("stages", [[("relu", 1)], [("relu", 1), ("clip", 1)], [("time", 200)],
                                    [(f"a-long-name-{index}", 2) for index in range(12)]])
def test_any_number_of_epochs(tmp_path, stages):
    plot_log(written(tmp_path / "log.jsonl", stages), tmp_path / "training.png")
    assert len(ink(tmp_path / "training.png", plots.LOSS)[0]) > 10


def test_flat_curves(tmp_path):
    log = written(tmp_path / "log.jsonl", STAGES, loss=lambda _: 0.0, validation=lambda _: 1.0)
    plot_log(log, tmp_path / "training.png")
    assert len(ink(tmp_path / "training.png", plots.ACCURACY)[0]) > 10


def test_no_epochs_no_picture(tmp_path):
    (tmp_path / "log.jsonl").write_text("")
    plot_log(tmp_path / "log.jsonl", tmp_path / "training.png")
    assert not (tmp_path / "training.png").exists()


@pytest.mark.slow
def test_no_display_and_no_home_are_needed(tmp_path):
    log = written(tmp_path / "log.jsonl", STAGES)
    code = ("from pathlib import Path; from algo.training.plots import plot_log; "
            f"plot_log(Path({str(log)!r}), Path({str(tmp_path / 'training.png')!r}))")
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True,
                          text=True, env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "training.png").stat().st_size > 10_000
