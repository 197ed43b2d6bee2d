"""Outputs appear whole or not at all, and leave other files alone."""

from pathlib import Path

import pytest

from cosim.output import new_file, new_files


def tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text()
            for path in folder.rglob("*") if path.is_file()}


def test_files_move_at_the_end(tmp_path):
    with new_files(tmp_path / "a" / "b", ["one", "two"]) as stage:
        (stage / "one").write_text("1")
        assert not (tmp_path / "a").exists()
    assert tree(tmp_path) == {"a/b/one": "1"}


def test_a_new_run_replaces_its_own_files_only(tmp_path):
    for name in ("trace", "run", "notes"):
        (tmp_path / name).write_text("old")
    with new_files(tmp_path, ["trace", "run"]) as stage:
        (stage / "run").write_text("new")
    assert tree(tmp_path) == {"run": "new", "notes": "old"}


def test_failure_changes_nothing(tmp_path):
    (tmp_path / "run").write_text("old")
    with pytest.raises(ZeroDivisionError), new_files(tmp_path, ["run"]) as stage:
        (stage / "run").write_text("new")
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), new_file(tmp_path / "x" / "file") as path:
        path.write_text("new")
        raise ZeroDivisionError
    assert tree(tmp_path) == {"run": "old"} and [*tmp_path.iterdir()] == [tmp_path / "run"]


def test_one_file(tmp_path):
    with new_file(tmp_path / "net.safetensors.xz") as path:
        assert path.name == "net.safetensors.xz"
        path.write_text("1")
    assert tree(tmp_path) == {"net.safetensors.xz": "1"}


def test_relative_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with new_file(Path("x")) as path:
        path.write_text("1")
    assert tree(tmp_path) == {"x": "1"}


@pytest.mark.parametrize("place", ["file", "file/below", "file/far/below"])
def test_a_file_in_the_way_is_an_error_at_once(place, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError), new_files(tmp_path / place, ["run"]):
        pytest.fail("the block must not run")


def test_a_folder_in_the_way_is_an_error_at_once(tmp_path):
    with pytest.raises(IsADirectoryError), new_file(tmp_path):
        pytest.fail("the block must not run")
