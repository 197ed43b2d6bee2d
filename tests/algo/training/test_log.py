import pytest

from algo.training.log import append_line, keep_lines, read_log

ENTRIES = [{"stage": "relu", "epoch": epoch, "loss": 1 / epoch} for epoch in (1, 2, 3)]


def written(path, entries):
    for entry in entries:
        append_line(path, entry)
    return path


def test_lines_are_entries(tmp_path):
    path = written(tmp_path / "log", ENTRIES)
    assert read_log(path) == ENTRIES and path.read_text().count("\n") == 3


@pytest.mark.parametrize("tail", ['{"stage": "re', "\x00\x00", "\xff\xfe", "{", "nan nan\n{}"])
def test_reading_ends_at_damage(tmp_path, tail):
    path = written(tmp_path / "log", ENTRIES)
    with path.open("a", encoding="latin-1") as file:
        file.write(tail)
    assert read_log(path) == ENTRIES


def test_other_lines_are_no_epochs(tmp_path):
    path = written(tmp_path / "log", [ENTRIES[0], {"test": {}}, 7, [1], ENTRIES[1]])
    assert read_log(path) == ENTRIES[:2]


def test_some_are_kept(tmp_path):
    path = written(tmp_path / "log", [*ENTRIES, {"test": {}}])
    keep_lines(path, lambda entry: entry["epoch"] <= 2)
    assert read_log(path) == ENTRIES[:2] and path.read_text().count("\n") == 2


def test_a_missing_log_begins_empty(tmp_path):
    keep_lines(tmp_path / "log", lambda entry: True)
    assert (tmp_path / "log").read_bytes() == b""


def test_an_entry_that_cannot_be_added_names_the_file(tmp_path):
    with pytest.raises(IsADirectoryError) as caught:
        append_line(tmp_path, {})
    assert caught.value.filename == str(tmp_path)
