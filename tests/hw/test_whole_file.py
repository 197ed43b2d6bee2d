import errno
from pathlib import Path

import pytest

from hw.network import write_whole


def test_replaces_the_file(tmp_path):
    path = tmp_path / "a"
    for content in (b"old", b"new"):
        write_whole(path, content)
        assert path.read_bytes() == content and list(tmp_path.iterdir()) == [path]


def test_full_disk_names_the_file_and_leaves_it(tmp_path, monkeypatch):
    path, write_bytes = tmp_path / "a", Path.write_bytes
    write_whole(path, b"old")

    def full(temporary, content):
        write_bytes(temporary, content[:1])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError) as caught:
        write_whole(path, b"new")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_missing_folder_names_the_file(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(tmp_path / "none" / "a", b"")
    assert caught.value.filename == str(tmp_path / "none" / "a")
