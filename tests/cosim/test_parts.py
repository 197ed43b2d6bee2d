"""Parts of a run: whole or absent, of this run or refused."""

import re
from pathlib import Path

import numpy as np
import pytest

from cosim.parts import open_parts

RUN = {"network": "a1", "images": "b2"}


@pytest.fixture
def begun(tmp_path):
    """Return the output of a run of which one part is finished."""
    output = tmp_path / "deep" / "out.npz"
    parts = open_parts(output, RUN, resume=False)
    parts.begin()
    parts.save("0-2", {"scores": np.arange(6).reshape(2, 3), "a/b.time": np.zeros(2, np.uint8)})
    return output


def test_parts_return_as_they_were(begun):
    parts = open_parts(begun, RUN, resume=True)
    parts.begin()
    arrays = parts.load("0-2")
    assert arrays["scores"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert arrays["a/b.time"].dtype == np.uint8
    assert parts.load("2-4") is None
    parts.remove()
    assert list(begun.parent.iterdir()) == []
    parts.remove()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"text"])
def test_a_damaged_part_is_absent(begun, content):
    parts = open_parts(begun, RUN, resume=True)
    path = parts.folder / "0-2.npz"
    for damaged in (content, path.read_bytes()[:-30], path.read_bytes().replace(b"\x03", b"\x07")):
        path.write_bytes(damaged)
        assert parts.load("0-2") is None


def test_a_full_disk_leaves_no_part(begun, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device", str(path))
    monkeypatch.setattr(Path, "write_bytes", full)
    parts = open_parts(begun, RUN, resume=True)
    with pytest.raises(OSError, match="No space left"):
        parts.save("2-4", {"scores": np.zeros(3)})
    assert {path.name for path in parts.folder.iterdir()} == {"run.json", "0-2.npz"}


@pytest.mark.parametrize(("run", "resume", "reason"), [
    (RUN, False, "an unfinished run is there; continue it with --resume, or remove the folder"),
    (RUN | {"images": "c3"}, True, "is of a run that differs in images; remove the folder, or "
     "write to another file"),
    (RUN | {"network": "c3"}, True, "is of a run that differs in network; remove the folder, or "
     "write to another file"),
    (RUN | {"trace": "True"}, True, "is of a run that differs in trace; remove the folder, or "
     "write to another file")])
def test_parts_of_another_run_are_refused(begun, run, resume, reason):
    folder = begun.with_name("out.npz.part")
    with pytest.raises(ValueError, match=f"^{re.escape(f'{folder}: {reason}')}$"):
        open_parts(begun, run, resume=resume)
    assert (folder / "0-2.npz").exists()


@pytest.mark.parametrize("content", ["", "text", "3", "[1]"])
def test_a_folder_that_does_not_say_of_what_run_is_refused(begun, content):
    (begun.with_name("out.npz.part") / "run.json").write_text(content)
    with pytest.raises(ValueError, match=r"run.json does not say of what run it is"):
        open_parts(begun, RUN, resume=True)


def test_a_run_that_was_stopped_at_its_very_beginning_continues(tmp_path):
    folder = tmp_path / "out.npz.part"
    folder.mkdir()
    (folder / ".run.json.77").write_text("{")
    assert open_parts(tmp_path / "out.npz", RUN, resume=True).load("0-2") is None


def test_what_cannot_be_written_is_refused_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        open_parts(tmp_path / "file" / "out.npz", RUN, resume=False)
    with pytest.raises(IsADirectoryError):
        open_parts(tmp_path, RUN, resume=False)
