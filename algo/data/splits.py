"""Splits: training, validation and test images, fixed whatever the seed of a training."""

from dataclasses import dataclass

import numpy as np

from .failure import DataError

__all__ = ["SPLITS", "Split", "stratified", "with_validation"]

SPLITS = ("train", "validation", "test")
# One in so many training images is held out for validation.
VALIDATION_SHARE = 10
# Never changed: results chosen on one validation part are not comparable with those on another.
VALIDATION_SEED = 20_261_121


@dataclass(frozen=True, eq=False)
class Split:
    """Images uint8 [N, C, H, W], labels int64 [N], names of the classes."""

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]

    def __iter__(self):
        return iter((self.images, self.labels, self.classes))


def stratified(labels: np.ndarray, held_out: dict[str, int], seed: int) -> dict[str, np.ndarray]:
    """Return disjoint, sorted index arrays: ``held_out`` by name and count, the rest as ``train``.

    Each class is shuffled, its members get evenly spaced ranks in [0, 1), and all are sorted by
    rank: any stretch of that order holds every class in its share.
    """
    rng = np.random.default_rng(seed)
    rank = np.empty(len(labels))
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        rank[members] = (np.arange(len(members)) + rng.random()) / len(members)
    order, parts = np.argsort(rank, kind="stable"), {}
    for split, count in held_out.items():
        parts[split], order = np.sort(order[:count]), order[count:]
    return {**parts, "train": np.sort(order)}


def with_validation(train: Split, where: str) -> dict[str, Split]:
    """Return the ``train`` and ``validation`` splits of a data set's original training part.

    Raises :class:`DataError`, which begins with ``where``, if there are too few images for both.
    """
    count = len(train.labels) // VALIDATION_SHARE
    if not count:
        raise DataError(f"{where}: training images must be at least {VALIDATION_SHARE}, so that "
                        f"some can be held out for validation, not {len(train.labels)}")
    parts = stratified(train.labels, {"validation": count}, VALIDATION_SEED)
    return {split: Split(train.images[index], train.labels[index], train.classes)
            for split, index in parts.items()}
