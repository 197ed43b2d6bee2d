"""Images come from .npz files and splits; anything else is refused before it costs memory."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cosim.images import MAX_BYTES, ImagesError, load_images
from hw.network import Shape

SHAPE = Shape(2, 4, 3)
IMAGES = np.random.default_rng(0).integers(0, 256, (6, *SHAPE)).astype(np.uint8)


def saved(tmp_path: Path, **arrays) -> str:
    path = tmp_path / "images.npz"
    np.savez(path, **arrays)
    return str(path)


def claiming(tmp_path: Path, shape: tuple, dtype: str = "|u1") -> str:
    """A small file whose header claims an array of any size."""
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        member, {"descr": dtype, "fortran_order": False, "shape": shape})
    path = tmp_path / "claim.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", member.getvalue() + b"1234")
    return str(path)


def test_file_with_labels(tmp_path):
    labels = np.array([0, 1, 2, 3, 4, 5], np.uint8)
    found = load_images(saved(tmp_path, images=IMAGES, labels=labels), SHAPE)
    assert (found.images == IMAGES).all() and (found.labels == labels).all()
    assert found.accuracy(np.array([0, 1, 2, 3, 0, 0])) == pytest.approx(4 / 6)


def test_file_without_labels(tmp_path):
    found = load_images(saved(tmp_path, images=IMAGES, extra=np.zeros(1)), SHAPE, count=2)
    assert (found.images == IMAGES[:2]).all()
    assert found.labels is None and found.accuracy(np.zeros(2)) is None


def test_compressed_file(tmp_path):
    np.savez_compressed(tmp_path / "c.npz", images=IMAGES)
    assert (load_images(str(tmp_path / "c.npz"), SHAPE).images == IMAGES).all()


def test_split():
    found = load_images("digits:test", Shape(1, 8, 8), count=7)
    assert found.images.shape == (7, 1, 8, 8) and found.labels.shape == (7,)


@pytest.mark.parametrize(("arrays", "reason"), [
    ({"images": IMAGES.astype(np.float32)}, "not float32"),
    ({"images": IMAGES[:, :1]}, r"not uint8 \[6, 1, 4, 3\]"),
    ({"images": IMAGES[0]}, r"not uint8 \[2, 4, 3\]"),
    ({"images": np.uint8(3)}, r"not uint8 \[\]"),
    ({"images": IMAGES[:0]}, "at least one"),
    ({"images": IMAGES, "labels": np.zeros(5, int)}, r"labels must be 6 integers, not int64 \[5\]"),
    ({"images": IMAGES, "labels": np.zeros(6)}, "labels must be 6 integers, not float64"),
    ({"images": IMAGES, "labels": np.array([None] * 6)}, "labels must be numbers"),
    ({"images": np.array([{}])}, "images must be numbers"),
    ({"pictures": IMAGES}, "images are missing, there is only pictures"),
    ({}, "images are missing, there is only nothing"),
])
def test_other_arrays_are_refused(arrays, reason, tmp_path):
    path = saved(tmp_path, **arrays)
    with pytest.raises(ImagesError, match=reason) as error:
        load_images(path, SHAPE)
    assert str(error.value).startswith(path)


@pytest.mark.parametrize("count", [0, -1, 7])
def test_count_is_within_the_set(count, tmp_path):
    with pytest.raises(ImagesError, match=f"-n must be 1 to 6, not {count}"):
        load_images(saved(tmp_path, images=IMAGES), SHAPE, count=count)


@pytest.mark.parametrize(("shape", "dtype"), [
    ((MAX_BYTES + 1,), "|u1"), ((1 << 40, 1 << 40), "|u1"), ((1 << 30,), "<f8")])
def test_oversized_arrays_are_refused_by_their_header(shape, dtype, tmp_path):
    with pytest.raises(ImagesError, match=f"at most {MAX_BYTES} bytes"):
        load_images(claiming(tmp_path, shape, dtype), SHAPE)


@pytest.mark.parametrize("seed", range(40))
def test_damaged_files_are_refused_in_one_line_or_read_right(seed, tmp_path):
    path = Path(saved(tmp_path, images=IMAGES, labels=np.arange(6)))
    rng = np.random.default_rng(seed)
    content = bytearray(path.read_bytes())
    if seed % 2:
        del content[int(rng.integers(len(content))):]
    else:
        for place in rng.integers(0, len(content), 20):
            content[place] = int(rng.integers(256))
    path.write_bytes(content)
    try:
        found = load_images(str(path), SHAPE)
    except ImagesError as error:
        assert str(error).startswith(str(path)), f"seed {seed}"
    else:
        assert (found.images == IMAGES).all(), f"seed {seed}"


def test_truncated_array_is_refused(tmp_path):
    with pytest.raises(ImagesError, match=r"not an \.npz file of plain arrays"):
        load_images(claiming(tmp_path, (6, *SHAPE)), SHAPE)


def test_unknown_array_version_is_refused(tmp_path):
    path = tmp_path / "version.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", b"\x93NUMPY" + struct.pack("BB", 9, 0) + b"\0" * 20)
    with pytest.raises(ImagesError):
        load_images(str(path), SHAPE)
