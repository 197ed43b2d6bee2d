"""Packing: images of any size become one size, and a data set that loads."""

import numpy as np
import pytest
from PIL import Image

from algo.data import DataError, load_split
from algo.data.npz import write_arrays
from algo.data.pack import pack_folder
from tests.algo.data.fakes import picture, random_part
from tests.algo.data.test_folder import CLASSES, by_class, planted_folder

TRAIN, TEST = random_part(1, 30, (3, 8, 8), 3), random_part(2, 12, (3, 8, 8), 3)


def test_images_of_the_size_stay_as_they_are(tmp_path):
    arrays = pack_folder(planted_folder(tmp_path, TRAIN, TEST), 8)
    for part, given in (("train", TRAIN), ("test", TEST)):
        images, labels = by_class(given)
        assert (arrays[f"{part}_images"] == images).all()
        assert (arrays[f"{part}_labels"] == labels).all()
    assert tuple(arrays["classes"]) == CLASSES


@pytest.mark.parametrize(("height", "width"), [(8, 8), (8, 20), (30, 8), (16, 24), (5, 4), (1, 9)])
def test_the_middle_is_kept_and_the_shorter_side_fitted(height, width, tmp_path):
    folder = planted_folder(tmp_path, TRAIN, TEST)
    # Grey rises with the distance from the middle, by 1 a pixel of the shorter side's eighth.
    rows, columns = np.mgrid[:height, :width]
    side = min(height, width)
    ramp = 128 + (columns - (width - 1) / 2) * 80 / side - (rows - (height - 1) / 2) * 40 / side
    rgb = np.repeat(ramp.clip(0, 255).round().astype(np.uint8)[None], 3, axis=0)
    (folder / "test/ash/0000a.png").write_bytes(picture(rgb))
    (folder / "test/ash/0000.png").unlink(missing_ok=True)
    arrays = pack_folder(folder, 8)
    found = arrays["test_images"][0].astype(int)
    assert found.shape == (3, 8, 8) and (found == found[0]).all()
    rows, columns = np.mgrid[:8, :8]
    expected = 128 + (columns - 3.5) * 10 - (rows - 3.5) * 5
    inner = abs(found[0] - expected)[1:-1, 1:-1]  # at the edges bicubic has less to go by
    assert inner.max() <= (3 if side >= 8 else 15)


def test_grey_stays_grey_only_if_all_are(tmp_path):
    grey, colour = tmp_path / "grey", tmp_path / "colour"
    planted_folder(grey, (TRAIN[0][:, :1], TRAIN[1]), (TEST[0][:, :1], TEST[1]))
    planted_folder(colour, (TRAIN[0][:, :1], TRAIN[1]), TEST)
    assert pack_folder(grey, 6)["train_images"].shape == (30, 1, 6, 6)
    packed = pack_folder(colour, 6)["train_images"]
    assert packed.shape == (30, 3, 6, 6) and (packed == packed[:, :1]).all()


def test_a_photograph_is_turned_upright(tmp_path):
    folder = planted_folder(tmp_path, TRAIN, TEST)
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[0] = 255  # white above; the camera was turned by 180 degrees
    exif = Image.Exif()
    exif[0x0112] = 3
    (folder / "test/ash/0000.png").unlink(missing_ok=True)
    Image.fromarray(pixels).save(folder / "test/ash/0000a.png", exif=exif)
    found = pack_folder(folder, 8)["test_images"][0]
    assert (found[:, -1] == 255).all() and (found[:, :-1] == 0).all()


def test_what_is_packed_loads(tmp_path):
    arrays = pack_folder(planted_folder(tmp_path / "from", TRAIN, TEST), 4)
    write_arrays(tmp_path / "trees.npz", **arrays)
    images, labels, classes = load_split("trees:test", data_dir=tmp_path)
    assert (images == arrays["test_images"]).all() and classes == CLASSES
    assert (labels == by_class(TEST)[1]).all()


def test_progress_counts_every_image(tmp_path):
    seen = []
    pack_folder(planted_folder(tmp_path, TRAIN, TEST), 4, progress=lambda *step: seen.append(step))
    assert seen == [(done, 42, "images") for done in range(1, 43)]


def test_a_bad_image_is_named(tmp_path):
    folder = planted_folder(tmp_path, TRAIN, TEST)
    (folder / "test/birch/9999.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"test/birch/9999\.jpg: not an image"):
        pack_folder(folder, 8)
