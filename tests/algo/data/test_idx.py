"""MNIST's files: read right, or refused in one line."""

import gzip

import numpy as np
import pytest

from algo.data import DataError, load_split
from algo.data import idx as idx_module
from tests.algo.data.fakes import idx, idx_files, planted, random_part, restored, same

SHAPE = (1, 28, 28)
TEST_IMAGES, TEST_LABELS = "mnist/t10k-images-idx3-ubyte.gz", "mnist/t10k-labels-idx1-ubyte.gz"


def named(value) -> str:
    """The name of a case: its reason, never its bytes."""
    return value if isinstance(value, str) else ""


def parts() -> tuple[tuple, tuple]:
    return random_part(1, 50, SHAPE, 10), random_part(2, 9, SHAPE, 10)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_all_four_files(name, tmp_path, monkeypatch):
    train, test = parts()
    planted(monkeypatch, tmp_path, name, idx_files(name, train, test))
    assert same(restored(tmp_path, name), train, test)
    assert same(restored(tmp_path, name.replace("-", "_")), train, test)


def test_the_test_part_needs_its_two_files_only(tmp_path, monkeypatch):
    train, test = parts()
    planted(monkeypatch, tmp_path, "mnist", idx_files("mnist", train, test))
    for path in (tmp_path / "mnist").glob("train-*"):
        path.unlink()
    assert (load_split("mnist:test", data_dir=tmp_path).images == test[0]).all()
    with pytest.raises(DataError, match="mnist is not in"):
        load_split("mnist:train", data_dir=tmp_path)


def test_a_missing_file_is_named(tmp_path, monkeypatch):
    planted(monkeypatch, tmp_path, "mnist", idx_files("mnist", *parts()))
    (tmp_path / TEST_LABELS).unlink()
    with pytest.raises(DataError, match=rf"not whole in .*/, {TEST_LABELS} is missing: fetch it"):
        load_split("mnist:test", data_dir=tmp_path)


@pytest.mark.parametrize("path", [TEST_IMAGES, TEST_LABELS])
@pytest.mark.parametrize("seed", range(5))
def test_a_wrong_byte_in_either_is_refused_before_anything_is_parsed(
        seed, path, tmp_path, monkeypatch):
    planted(monkeypatch, tmp_path, "mnist", idx_files("mnist", *parts()))
    content, rng = bytearray((tmp_path / path).read_bytes()), np.random.default_rng(seed)
    content[int(rng.integers(len(content)))] ^= int(rng.integers(1, 256))
    (tmp_path / path).write_bytes(content)
    monkeypatch.setattr(idx_module.gzip, "open", lambda *_: pytest.fail("parsed"))
    with pytest.raises(DataError, match=rf"{path}: SHA-256 must be"):
        load_split("mnist:test", data_dir=tmp_path)


@pytest.mark.parametrize(("images", "labels", "reason"), [
    (b"", idx(np.zeros(1)), "images must begin with the magic number 00000803, not nothing"),
    (idx(np.zeros(1)), idx(np.zeros(1)), "images must begin .* 00000803, not 00000801"),
    (idx(np.zeros((1, 28, 28))), idx(np.zeros((1, 1, 1))), "labels must begin .* not 00000803"),
    (gzip.compress(b"\0\0\x0d\x03"), idx(np.zeros(1)), "not 00000d03"),
    (gzip.compress(b"\0\0\x08\x03\0\0"), idx(np.zeros(1)), "header of 16 bytes, not 6"),
    (gzip.compress(gzip.decompress(idx(np.zeros((2, 28, 28))))[:-1]), idx(np.zeros(2)),
     "images must be 1568 bytes, as their header says, not 1567"),
    (gzip.compress(gzip.decompress(idx(np.zeros((1, 28, 28)))) + b"x"), idx(np.zeros(1)),
     "images must be 784 bytes, as their header says, not 785"),
    (gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12), idx(np.zeros(1)), "as their header says"),
    (idx(np.zeros((2, 28, 28))), idx(np.zeros(3)), "labels must be 2, one for each image, not 3"),
    (idx(np.zeros((2, 28, 27))), idx(np.zeros(2)), r"uint8 \[N, 1, 28, 28\], .*not uint8 \[2, 1"),
    (idx(np.zeros((0, 28, 28))), idx(np.zeros(0)), r"at least one, not uint8 \[0, 1, 28, 28\]"),
    (idx(np.zeros((1, 28, 28))), idx(np.full(1, 10)), "labels must be 0 to 9, not 10"),
    (b"not gzip", idx(np.zeros(1)), "mnist: "),
    (idx(np.zeros((1, 28, 28)))[:-9], idx(np.zeros(1)), "mnist: "),
], ids=named)
def test_other_content_is_refused_even_with_the_right_checksum(
        images, labels, reason, tmp_path, monkeypatch):
    planted(monkeypatch, tmp_path, "mnist", {TEST_IMAGES: images, TEST_LABELS: labels})
    with pytest.raises(DataError, match=reason) as error:
        load_split("mnist:test", data_dir=tmp_path)
    assert "\n" not in str(error.value)
