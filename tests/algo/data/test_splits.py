"""Training and validation images: disjoint, stratified, and the same for ever."""

import hashlib

import numpy as np
import pytest

from algo.data import DataError, Split
from algo.data.splits import stratified, with_validation


def random_split(seed: int, images: int, classes: int) -> Split:
    """A split whose images are their own numbers."""
    labels = np.random.default_rng(seed).integers(0, classes, images)
    numbers = np.arange(images, dtype="<u4").view(np.uint8).reshape(images, 1, 2, 2)
    return Split(numbers, labels, tuple(map(str, range(classes))))


def numbers_of(split: Split) -> np.ndarray:
    return np.ascontiguousarray(split.images).reshape(-1, 4).view("<u4")[:, 0]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("images", [10, 19, 1000, 12345])
def test_a_tenth_is_held_out_disjoint_and_whole(seed, images):
    given = random_split(seed, images, classes=7)
    parts = with_validation(given, "x")
    assert set(parts) == {"train", "validation"}
    train, validation = (numbers_of(parts[name]) for name in ("train", "validation"))
    assert len(validation) == images // 10
    assert sorted([*train, *validation]) == list(range(images)), f"seed {seed}"
    for split in parts.values():
        assert (split.labels == given.labels[numbers_of(split)]).all(), f"seed {seed}"
        assert split.classes == given.classes


@pytest.mark.parametrize("seed", range(20))
def test_each_class_has_its_share(seed):
    given = random_split(seed, 5000, classes=20)
    held = np.bincount(with_validation(given, "x")["validation"].labels, minlength=20)
    share = np.bincount(given.labels, minlength=20) / 10
    assert (abs(held - share) <= 1).all(), f"seed {seed}"


def test_validation_images_never_change():
    labels = np.arange(50_000) * 7 % 10
    index = stratified(labels, {"validation": 5000}, 20_261_121)["validation"]
    assert hashlib.sha256(index.astype("<i8").tobytes()).hexdigest()[:16] == "21b54c368d7af1a8"
    given = Split(np.arange(50_000, dtype="<u4").view(np.uint8).reshape(-1, 1, 2, 2), labels,
                  tuple("0123456789"))
    assert (numbers_of(with_validation(given, "x")["validation"]) == index).all()


def test_too_few_images_are_refused():
    with pytest.raises(DataError, match=r"^x: training images must be at least 10, .*, not 9$"):
        with_validation(random_split(0, 9, classes=2), "x")
