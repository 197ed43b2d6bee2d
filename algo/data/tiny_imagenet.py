"""Tiny-ImageNet as its authors publish it: a zip file of 110,000 labelled JPEGs of 200 classes.

Its validation part is the test part here, because its own test part has no labels. Classes are
numbered in the order of their WordNet ids. A few JPEGs are grey; they become RGB.
"""

import zipfile
from typing import BinaryIO

import numpy as np

from .failure import DataError
from .pictures import opened, pixels

__all__ = ["CLASSES", "SHAPE", "read_zip"]

SHAPE = (3, 64, 64)
CLASSES = 200
ROOT = "tiny-imagenet-200"


def read_zip(archive: BinaryIO, part: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Return images uint8 [N, 3, 64, 64], labels int64 [N], and names of the classes.

    A class is called by the first word of its WordNet entry, and its id. Raises
    :class:`DataError` for an archive of another form.
    """
    with zipfile.ZipFile(archive) as files:
        ids = sorted(_text(files, f"{ROOT}/wnids.txt").split())
        if not ids:
            raise DataError(f"{ROOT}/wnids.txt must name classes")
        label = {wordnet_id: number for number, wordnet_id in enumerate(ids)}
        listed = (_test_files if part == "test" else _train_files)(files, label)
        if not listed:
            raise DataError(f"{ROOT} must have {part} images")
        images = np.empty((len(listed), *SHAPE), np.uint8)
        for index, (name, _) in enumerate(listed):
            images[index] = _image(files, name)
        labels = np.array([number for _, number in listed], np.int64)
        return images, labels, _classes(files, ids)


def _train_files(files: zipfile.ZipFile, label: dict[str, int]) -> list[tuple[str, int]]:
    listed = []
    for name in files.namelist():
        match name.split("/"):
            case [root, "train", wordnet_id, "images", file] if root == ROOT and file:
                listed.append((name, _label(label, wordnet_id, name)))
    return sorted(listed)


def _test_files(files: zipfile.ZipFile, label: dict[str, int]) -> list[tuple[str, int]]:
    listed = []
    for line in _text(files, f"{ROOT}/val/val_annotations.txt").splitlines():
        file, _, rest = line.partition("\t")
        listed.append((f"{ROOT}/val/images/{file}", _label(label, rest.partition("\t")[0], file)))
    return listed


def _label(label: dict[str, int], wordnet_id: str, name: str) -> int:
    if wordnet_id not in label:
        raise DataError(f"{name}: class must be one of {ROOT}/wnids.txt, not {wordnet_id!r}")
    return label[wordnet_id]


def _classes(files: zipfile.ZipFile, ids: list[str]) -> tuple[str, ...]:
    words = dict(line.split("\t", 1) for line in _text(files, f"{ROOT}/words.txt").splitlines()
                 if "\t" in line)
    return tuple(f"{words.get(wordnet_id, '?').partition(',')[0]} ({wordnet_id})"
                 for wordnet_id in ids)


def _image(files: zipfile.ZipFile, name: str) -> np.ndarray:
    try:
        member = files.open(name)
    except KeyError:
        raise DataError(f"there is no file {name}") from None
    with member, opened(member, name) as image:
        if image.size != SHAPE[:0:-1]:
            raise DataError(f"{name}: images must be 64x64, not {'x'.join(map(str, image.size))}")
        return pixels(image, grey=False)


def _text(files: zipfile.ZipFile, name: str) -> str:
    try:
        return files.read(name).decode()
    except KeyError:
        raise DataError(f"there is no file {name}") from None
