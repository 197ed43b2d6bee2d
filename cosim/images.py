"""Images for inference: an ``.npz`` file of the user, or a split of a data set."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from algo.data import DataError, load_split
from algo.data.npz import read_arrays
from hw.network import Shape

__all__ = ["ImageSet", "ImagesError", "load_images"]

# More than any test set has (CIFAR-10: 31 MB); keeps a corrupt file from exhausting memory.
MAX_BYTES = 1 << 31


class ImagesError(ValueError):
    """Images cannot be used; the message is one line that names the source."""


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images uint8 [N, C, H, W], N ≥ 1, and labels int64 [N] if they are known."""

    source: str
    images: np.ndarray
    labels: np.ndarray | None

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the images and of their number, in hex."""
        return hashlib.sha256(f"{self.images.shape}".encode() + self.images.tobytes()).hexdigest()

    def accuracy(self, predictions: np.ndarray) -> float | None:
        """Return the fraction of right predictions, None if there are no labels."""
        return None if self.labels is None else float((predictions == self.labels).mean())


def load_images(source: str, shape: Shape, *, count: int | None = None,
                data_dir: Path | None = None) -> ImageSet:
    """Return images of ``shape``, all or the first ``count`` of them.

    ``source`` is an ``.npz`` file (``images`` uint8 [N, C, H, W], optional ``labels``), or a split
    such as ``digits:test``, of a data set in ``data_dir`` (see :func:`algo.data.load_split`).
    Raises :class:`ImagesError`, another ``ValueError`` of one line for a split that cannot be had,
    or ``OSError`` for a file that cannot be read.
    """
    if source.endswith(".npz") or Path(source).exists():
        images, labels = _read_npz(Path(source))
    else:
        images, labels, _ = load_split(source, data_dir=data_dir)
    _check(source, images, labels, shape, count)
    return ImageSet(source, images[:count], None if labels is None else labels[:count])


def _check(source: str, images: np.ndarray, labels: np.ndarray | None, shape: Shape,
           count: int | None) -> None:
    if images.dtype != np.uint8 or images.shape[1:] != tuple(shape):
        raise ImagesError(f"{source}: images must be uint8 [N, {', '.join(map(str, shape))}], as "
                          f"the network takes, not {images.dtype} {list(images.shape)}")
    if not len(images):
        raise ImagesError(f"{source}: images must be at least one, not none")
    if labels is not None and (labels.dtype.kind not in "iu" or labels.shape != images.shape[:1]):
        raise ImagesError(f"{source}: labels must be {len(images)} integers, "
                          f"not {labels.dtype} {list(labels.shape)}")
    if count is not None and not 1 <= count <= len(images):
        raise ImagesError(f"{source}: -n must be 1 to {len(images)}, not {count}")


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    try:
        arrays = read_arrays(path, ["images"], ["labels"], max_bytes=MAX_BYTES)
    except DataError as error:
        raise ImagesError(str(error)) from None
    return arrays["images"], arrays.get("labels")
