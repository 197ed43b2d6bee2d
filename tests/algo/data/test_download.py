"""Downloads: whole and right or not at all, continued where they were cut."""

import errno
import fcntl
import hashlib
import socket

import numpy as np
import pytest

from algo.data import DataError
from algo.data import download as module
from algo.data.download import download
from algo.data.originals import Original
from tests.algo.data.server import Behaviour, serving

CONTENT = np.random.default_rng(7).bytes(1_000_000)
PATH = "deep/file.tar.gz"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture
def target(tmp_path):
    return tmp_path / PATH


@pytest.fixture
def part(tmp_path):
    return tmp_path / f"{PATH}.part"


def original(*urls: str) -> Original:
    return Original(PATH, len(CONTENT), hashlib.sha256(CONTENT).hexdigest(),
                    tuple(f"{url}/file.tar.gz" for url in urls))


def refused() -> str:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_a_file_arrives_whole(tmp_path, target, part):
    server, seen = Behaviour(CONTENT), []
    with serving(server) as url:
        assert download(original(url), tmp_path, progress=lambda *step: seen.append(step))
        assert target.read_bytes() == CONTENT and not part.exists()
        assert not download(original(url), tmp_path)
    assert server.asked == [None]
    done = [step[0] for step in seen]
    assert done == sorted(done) and done[0] == 0 and done[-1] == len(CONTENT)
    assert {step[1:] for step in seen} == {(len(CONTENT), PATH)}


@pytest.mark.parametrize("length", [True, False])
def test_a_cut_download_is_continued(length, tmp_path, target, part):
    server = Behaviour(CONTENT, cut_after=300_000, length=length)
    with serving(server) as url:
        for kept in (300_000, 600_000, 900_000):
            with pytest.raises(DataError, match=rf"^{PATH} cannot be fetched \(127\.0\.0\.1:\d+: "
                                                rf"cut .*\); {kept} of 1000000 bytes are kept, "
                                                r"fetch again to continue$"):
                download(original(url), tmp_path)
            assert part.read_bytes() == CONTENT[:kept] and not target.exists()
        assert download(original(url), tmp_path)
    assert target.read_bytes() == CONTENT and not part.exists()
    assert server.asked == [None, *(f"bytes={kept}-" for kept in (300_000, 600_000, 900_000))]


def test_the_next_mirror_continues(tmp_path, target):
    first, second = Behaviour(CONTENT, cut_after=400_000), Behaviour(CONTENT)
    with serving(first) as one, serving(second) as two:
        assert download(original(refused(), one, two), tmp_path)
    assert target.read_bytes() == CONTENT
    assert first.asked == [None] and second.asked == ["bytes=400000-"]


def test_a_server_without_ranges_sends_everything_again(tmp_path, target, part):
    part.parent.mkdir()
    part.write_bytes(b"x" * 1000)
    with serving(Behaviour(CONTENT, ranges=False)) as url:
        assert download(original(url), tmp_path)
    assert target.read_bytes() == CONTENT and not part.exists()


@pytest.mark.parametrize("sent", ["bytes 0-999999/1000000", "bytes 500-999999/999999", "nonsense"])
def test_an_answer_of_another_range_is_refused(sent, tmp_path, target, part):
    part.parent.mkdir()
    part.write_bytes(CONTENT[:500])
    with (serving(Behaviour(CONTENT, content_range=sent)) as url,
          pytest.raises(DataError, match="range must be from 500 of 1000000 bytes, not")):
        download(original(url), tmp_path)
    assert part.read_bytes() == CONTENT[:500] and not target.exists()


def test_what_was_whole_already_is_only_checked(tmp_path, target, part):
    part.parent.mkdir()
    part.write_bytes(CONTENT)
    server = Behaviour(CONTENT)
    with serving(server) as url:
        assert download(original(url), tmp_path)
    assert target.read_bytes() == CONTENT and server.asked == []


def test_a_part_that_is_too_long_begins_anew(tmp_path, target, part):
    part.parent.mkdir()
    part.write_bytes(CONTENT + b"x")
    with serving(Behaviour(CONTENT)) as url:
        assert download(original(url), tmp_path)
    assert target.read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing(tmp_path, part):
    wrong = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with (serving(Behaviour(wrong)) as url,
          pytest.raises(DataError, match=r"\(127\.0\.0\.1:\d+: wrong checksum\)$")):
        download(original(url), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_beginning_is_not_continued_for_ever(tmp_path, target, part):
    part.parent.mkdir()
    part.write_bytes(b"wrong")
    with serving(Behaviour(CONTENT)) as url:
        with pytest.raises(DataError, match="wrong checksum"):
            download(original(url), tmp_path)
        assert not part.exists()
        assert download(original(url), tmp_path)
    assert target.read_bytes() == CONTENT


def test_after_a_wrong_mirror_the_next_begins_anew(tmp_path, target):
    wrong, right = Behaviour(b"x" * len(CONTENT)), Behaviour(CONTENT)
    with serving(wrong) as one, serving(right) as two:
        assert download(original(one, two), tmp_path)
    assert target.read_bytes() == CONTENT and right.asked == [None]


@pytest.mark.parametrize(("behaviour", "reason"), [
    (Behaviour(CONTENT, status=404), "HTTP 404 Not Found"),
    (Behaviour(CONTENT, status=503), "HTTP 503 Service Unavailable"),
    (Behaviour(b"<html>"), "size must be 1000000 bytes, not 6"),
    (Behaviour(CONTENT + b"x"), "size must be 1000000 bytes, not 1000001"),
    (Behaviour(b"<html>", length=False), "cut after 6 of 1000000 bytes"),
    (Behaviour(CONTENT + b"x" * 10, length=False), "more than the 1000000 bytes"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_a_server_does_wrong_is_one_line(behaviour, reason, tmp_path, target):
    with serving(behaviour) as url, pytest.raises(DataError, match=reason) as error:
        download(original(url), tmp_path)
    assert "\n" not in str(error.value) and not target.exists()


@pytest.mark.parametrize("url", ["refused", "http://no-such-host.invalid"])
def test_offline_is_one_line_and_leaves_nothing(url, tmp_path):
    url = refused() if url == "refused" else url
    with pytest.raises(DataError, match=rf"^{PATH} cannot be fetched \(.*: no connection \(.*"):
        download(original(url, url), tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_file_in_its_place_is_not_overwritten(tmp_path, target):
    target.parent.mkdir()
    target.write_bytes(b"somebody's own")
    with pytest.raises(DataError, match=rf"{PATH}: size must be 1000000 bytes, not 14"):
        download(original(refused()), tmp_path)
    assert target.read_bytes() == b"somebody's own"


def test_a_full_disk_names_the_file(tmp_path, target, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(module, "_receive", full)
    with pytest.raises(OSError, match="No space left") as error:
        download(original(refused()), tmp_path)
    assert error.value.filename.endswith(".part") and not target.exists()


def test_two_processes_do_not_write_one_file(tmp_path, part):
    part.parent.mkdir()
    with part.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DataError, match=r"\.part: another process is fetching it$"):
            download(original(refused()), tmp_path)
    assert part.exists()
