"""Folders of images: read in order, or refused in one line that names the file."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from algo.data import DataError, load_split
from algo.data.folder import read_folder
from algo.data.pack import pack_folder
from tests.algo.data.fakes import picture, random_part, restored, same

CLASSES = ("ash", "birch", "cedar")


def planted_folder(folder: Path, train: tuple, test: tuple, form: str = "PNG") -> Path:
    """Write the images of either part below their classes, in alphabetical order of their names."""
    for part, (images, labels) in (("train", train), ("test", test)):
        for index, (image, label) in enumerate(zip(images, labels, strict=True)):
            path = folder / part / CLASSES[label] / f"{index:04}.{form.lower()}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture(image, form))
    return folder


def by_class(part: tuple) -> tuple:
    """The images in the order in which a folder has them."""
    order = np.argsort(part[1], kind="stable")
    return part[0][order], part[1][order]


@pytest.fixture
def parts(request) -> tuple:
    shape = getattr(request, "param", (3, 5, 7))
    return random_part(1, 30, shape, 3), random_part(2, 12, shape, 3)


@pytest.mark.parametrize("form", ["PNG", "BMP", "PPM"])
@pytest.mark.parametrize("parts", [(1, 4, 4), (3, 5, 7)], indirect=True, ids=["grey", "rgb"])
def test_a_folder_is_a_data_set(form, parts, tmp_path):
    train, test = parts
    planted_folder(tmp_path / "trees", train, test, form)
    (tmp_path / "trees/train/ash/.hidden.png").write_text("no picture")
    (tmp_path / "trees/train/ash/notes.txt").write_text("no picture")
    (tmp_path / "trees/train/.cache").mkdir()
    assert same(restored(tmp_path, "trees"), by_class(train), by_class(test))
    assert load_split("trees:test", data_dir=tmp_path).classes == CLASSES


def test_grey_and_coloured_images_together_are_rgb(parts, tmp_path):
    (train, train_labels), test = parts
    train[:, 1:] = train[:, :1]
    folder = planted_folder(tmp_path / "trees", (train[:, :1], train_labels), test)
    for part in ("train", "test"):
        assert read_folder(folder, part).images.shape[1:] == (3, 5, 7)
    assert (read_folder(folder, "train").images == by_class((train, train_labels))[0]).all()


def test_palettes_and_black_and_white(parts, tmp_path):
    train, test = parts
    folder = planted_folder(tmp_path / "trees", train, test)
    colours = Image.new("P", (7, 5), 1)
    colours.putpalette([0, 0, 0, 9, 8, 7])
    colours.save(folder / "train/ash/9998.png")
    Image.new("1", (7, 5), 1).save(folder / "train/ash/9999.png")
    images, labels, _ = read_folder(folder, "train")
    first, second = images[labels == 0][-2:]
    assert (first == np.array([9, 8, 7])[:, None, None]).all() and (second == 255).all()


@pytest.mark.parametrize("missing", ["train", "test"])
def test_a_folder_without_a_part_is_refused_by_name(missing, parts, tmp_path):
    folder = planted_folder(tmp_path / "trees", *parts)
    (folder / missing).rename(folder / "val")
    with pytest.raises(DataError, match=f"there is no {missing}/$"):
        for part in ("train", "test"):
            load_split(f"trees:{part}", data_dir=tmp_path)


def test_mixed_sizes_are_refused_with_a_hint(parts, tmp_path):
    folder = planted_folder(tmp_path / "trees", *parts)
    (folder / "test/birch/9999.png").write_bytes(picture(np.zeros((3, 6, 7), np.uint8)))
    with pytest.raises(DataError, match=r"birch/9999.png: images must all be 7x5 as 0\d+\.png is, "
                                        r"not 7x6: `firstspike data pack` makes them one size$"):
        load_split("trees:test", data_dir=tmp_path)


def damage_by(content: bytes | None, name: str = "test/ash/9999.png"):
    def damage(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            (folder / name).write_bytes(content)
    return damage


def transparent(mode: str):
    def damage(folder: Path) -> None:
        Image.new(mode, (7, 5)).save(folder / "test/ash/9999.png")
    return damage


WHOLE = picture(random_part(5, 1, (3, 5, 7), 1)[0][0])


@pytest.mark.parametrize(("damage", "reason"), [
    (damage_by(b""), r"test/ash/9999\.png: not an image$"),
    (damage_by(b"text"), r"test/ash/9999\.png: not an image$"),
    (damage_by(WHOLE[:-30]), r"test/ash/9999\.png: not an image that can be read"),
    (damage_by(WHOLE[:40]), r"test/ash/9999\.png: not an image"),
    (transparent("RGBA"), r"9999\.png: images must be 8-bit grey or RGB .*, not RGBA"),
    (transparent("LA"), "not LA"),
    (transparent("I;16"), "not I;16"),
    (damage_by(WHOLE, "test/oak/1.png"), "test: class 'oak' must have training images too"),
    (damage_by(None, "train/oak/x"), "train/oak: must hold images .*there is none"),
    (damage_by(None, "test/ash/9999.png/x"), "9999.png: Is a directory"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_wrong_is_named(damage, reason, parts, tmp_path):
    damage(planted_folder(tmp_path / "trees", *parts))
    with pytest.raises((DataError, OSError)) as error:
        load_split("trees:test", data_dir=tmp_path)
    message = str(error.value)
    if isinstance(error.value, OSError):
        message = f"{error.value.filename}: {error.value.strerror}"
    assert "\n" not in message and re.search(reason, message)


def test_a_part_without_classes_is_refused(tmp_path):
    for part in ("train", "test"):
        (tmp_path / "trees" / part).mkdir(parents=True)
    with pytest.raises(DataError, match="train: must hold a folder for each class, there is none"):
        load_split("trees:test", data_dir=tmp_path)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP"])
def test_damaged_pictures_are_refused_in_one_line_or_read(form, seed, parts, tmp_path):
    folder = planted_folder(tmp_path / "trees", *parts)
    rng, content = np.random.default_rng(seed), bytearray(picture(parts[0][0][0], form))
    for place in rng.integers(0, len(content), 1 + seed % 5):
        content[place] = int(rng.integers(256))
    (folder / f"test/ash/9999.{form.lower()}").write_bytes(content)
    for read in (lambda: read_folder(folder, "test"), lambda: pack_folder(folder, 4)):
        try:
            read()
        except DataError as error:
            assert "9999." in str(error) and "\n" not in str(error), f"seed {seed}"


def test_an_image_of_billions_of_pixels_is_refused(parts, tmp_path, monkeypatch):
    folder = planted_folder(tmp_path / "trees", *parts)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    for limit in (20, 10):  # Pillow warns above the limit, and refuses above twice the limit
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(DataError, match=r"not an image that can be read .*35 pixels"):
            read_folder(folder, "test")
