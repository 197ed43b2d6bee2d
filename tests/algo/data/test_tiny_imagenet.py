"""Tiny-ImageNet's archive: read right, decoded once, or refused in one line."""

import io
import zipfile

import numpy as np
import pytest

from algo.data import DataError, load, load_split, tiny_imagenet
from algo.data.load import _read
from tests.algo.data import fakes
from tests.algo.data.fakes import picture, planted, random_part, restored, same

ARCHIVE = "tiny-imagenet-200.zip"
IDS = ["n02124075", "n01443537", "n01629819"]
ROOT = "tiny-imagenet-200"


def images_of(seed: int, count: int) -> list[tuple[str, np.ndarray]]:
    images, labels = random_part(seed, count, (3, 64, 64), 3)
    return [(sorted(IDS)[label], image) for label, image in zip(labels, images, strict=True)]


def arrays(listed: list) -> tuple[np.ndarray, np.ndarray]:
    return (np.stack([image for _, image in listed]),
            np.array([sorted(IDS).index(name) for name, _ in listed]))


def edited(archive: bytes, name: str, content: bytes | None) -> bytes:
    """The archive with one file changed, or without it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in old.namelist():
            if member != name:
                new.writestr(member, old.read(member))
        if content is not None:
            new.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def archive() -> bytes:
    return fakes.tiny_imagenet(IDS, images_of(1, 30), images_of(2, 4))


def test_its_validation_part_is_the_test_part(archive, tmp_path, monkeypatch):
    planted(monkeypatch, tmp_path, "tiny-imagenet", {ARCHIVE: archive})
    assert same(restored(tmp_path, "tiny-imagenet"), arrays(images_of(1, 30)),
                arrays(images_of(2, 4)))
    assert load_split("tiny-imagenet:test", data_dir=tmp_path).classes == tuple(
        f"word of {wordnet_id} ({wordnet_id})" for wordnet_id in sorted(IDS))


def test_a_grey_picture_becomes_rgb(tmp_path, monkeypatch):
    grey = np.arange(64 * 64, dtype=np.uint32).astype(np.uint8).reshape(1, 64, 64)
    archive = fakes.tiny_imagenet(IDS, images_of(1, 10), [(IDS[0], grey)])
    planted(monkeypatch, tmp_path, "tiny-imagenet", {ARCHIVE: archive})
    images = load_split("tiny-imagenet:test", data_dir=tmp_path).images
    assert (images == grey).all() and images.shape == (1, 3, 64, 64)


def test_real_jpegs_are_decoded(tmp_path, monkeypatch):
    smooth = np.broadcast_to(np.arange(0, 256, 4, dtype=np.uint8), (3, 64, 64)).copy()
    archive = edited(fakes.tiny_imagenet(IDS, images_of(1, 10), images_of(2, 1)),
                     f"{ROOT}/val/images/val_0.JPEG", picture(smooth, "JPEG"))
    planted(monkeypatch, tmp_path, "tiny-imagenet", {ARCHIVE: archive})
    images = load_split("tiny-imagenet:test", data_dir=tmp_path).images
    assert abs(images[0].astype(int) - smooth).mean() < 3


def test_training_images_are_decoded_once(archive, tmp_path, monkeypatch):
    planted(monkeypatch, tmp_path, "tiny-imagenet", {ARCHIVE: archive})
    load_split("tiny-imagenet:test", data_dir=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [ARCHIVE]
    first = restored(tmp_path, "tiny-imagenet")
    assert {path.name for path in tmp_path.iterdir()} == {ARCHIVE, "tiny-imagenet.npz"}
    _read.cache_clear()
    monkeypatch.setattr(tiny_imagenet, "_image", lambda *_: pytest.fail("decoded again"))
    monkeypatch.setattr(load, "verified", lambda *_: pytest.fail("read again"))
    again = restored(tmp_path, "tiny-imagenet")
    assert all((first[key] == again[key]).all() for key in first)
    assert load_split("tiny-imagenet:test", data_dir=tmp_path).classes[0].endswith("(n01443537)")


def test_a_folder_that_cannot_be_written_is_no_error(archive, tmp_path, monkeypatch):
    planted(monkeypatch, tmp_path, "tiny-imagenet", {ARCHIVE: archive})

    def full(*_, **__):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr("algo.data.npz.np.savez", full)
    assert same(restored(tmp_path, "tiny-imagenet"), arrays(images_of(1, 30)),
                arrays(images_of(2, 4)))
    assert [path.name for path in tmp_path.iterdir()] == [ARCHIVE]


@pytest.mark.parametrize("seed", range(5))
def test_a_wrong_byte_is_refused_before_anything_is_parsed(seed, archive, tmp_path, monkeypatch):
    planted(monkeypatch, tmp_path, "tiny-imagenet", {ARCHIVE: archive})
    content, rng = bytearray(archive), np.random.default_rng(seed)
    content[int(rng.integers(len(content)))] ^= int(rng.integers(1, 256))
    (tmp_path / ARCHIVE).write_bytes(content)
    monkeypatch.setattr(tiny_imagenet.zipfile, "ZipFile", lambda *_: pytest.fail("parsed"))
    with pytest.raises(DataError, match=f"{ARCHIVE}: SHA-256 must be"):
        load_split("tiny-imagenet:test", data_dir=tmp_path)


VAL = f"{ROOT}/val/images/val_0.JPEG"
LISTED = f"{ROOT}/val/val_annotations.txt"


@pytest.mark.parametrize(("name", "content", "reason"), [
    (f"{ROOT}/wnids.txt", None, "there is no file tiny-imagenet-200/wnids.txt"),
    (f"{ROOT}/wnids.txt", b"", "must name classes"),
    (f"{ROOT}/words.txt", None, "there is no file tiny-imagenet-200/words.txt"),
    (LISTED, None, f"there is no file {LISTED}"),
    (LISTED, b"", "must have test images"),
    (LISTED, b"val_0.JPEG\tn0\n", "class must be one of .*wnids.txt, not 'n0'"),
    (LISTED, b"val_0.JPEG", "class must be one of .*wnids.txt, not ''"),
    (LISTED, b"\xff\xfe", "codec can't decode"),
    (VAL, None, f"there is no file {VAL}"),
    (VAL, b"no picture", f"{VAL}: not an image"),
    (VAL, picture(np.zeros((3, 64, 64), np.uint8))[:60], f"{VAL}: not an image"),
    (VAL, picture(np.zeros((3, 60, 64), np.uint8)), "images must be 64x64, not 64x60"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_other_content_is_refused_even_with_the_right_checksum(
        name, content, reason, archive, tmp_path, monkeypatch):
    planted(monkeypatch, tmp_path, "tiny-imagenet", {ARCHIVE: edited(archive, name, content)})
    with pytest.raises(DataError, match=rf"{ARCHIVE}: [^\n]*{reason}") as error:
        load_split("tiny-imagenet:test", data_dir=tmp_path)
    assert "\n" not in str(error.value)


def test_what_is_no_zip_is_refused_even_with_the_right_checksum(tmp_path, monkeypatch):
    planted(monkeypatch, tmp_path, "tiny-imagenet", {ARCHIVE: b"PK but no more"})
    with pytest.raises(DataError, match=f"{ARCHIVE}: File is not a zip file"):
        load_split("tiny-imagenet:test", data_dir=tmp_path)
