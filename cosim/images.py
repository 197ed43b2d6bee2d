"""Images for inference: an ``.npz`` file of the user, or a split of a data set."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from hw.network import Shape

__all__ = ["ImageSet", "ImagesError", "load_images"]

# More than any test set has (CIFAR-10: 31 MB); keeps a corrupt file from exhausting memory.
MAX_BYTES = 1 << 31
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class ImagesError(ValueError):
    """Images cannot be used; the message is one line that names the source."""


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images uint8 [N, C, H, W], N ≥ 1, and labels int64 [N] if they are known."""

    source: str
    images: np.ndarray
    labels: np.ndarray | None

    def accuracy(self, predictions: np.ndarray) -> float | None:
        """Return the fraction of right predictions, None if there are no labels."""
        return None if self.labels is None else float((predictions == self.labels).mean())


def load_images(source: str, shape: Shape, *, count: int | None = None) -> ImageSet:
    """Return images of ``shape``, all or the first ``count`` of them.

    ``source`` is an ``.npz`` file (``images`` uint8 [N, C, H, W], optional ``labels``), or a split
    such as ``digits:test``. Raises :class:`ImagesError`, or ``OSError`` for a file that cannot be
    read. Nothing is ever unpickled.
    """
    if source.endswith(".npz") or Path(source).exists():
        images, labels = _read_npz(Path(source))
    else:
        from algo.data import load_split  # data sets are slow to import

        images, labels, _ = load_split(source)
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
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            members = {name.removesuffix(".npy") for name in archive.namelist()}
            if "images" not in members:
                raise ImagesError(f"{path}: images are missing, there is only "
                                  f"{', '.join(sorted(members)) or 'nothing'}"[:200])
            for name in ("images", "labels"):
                if name in members:
                    with archive.open(f"{name}.npy") as member:
                        _check_size(path, name, member)
        with np.load(path, allow_pickle=False) as arrays:
            return arrays["images"], arrays["labels"] if "labels" in members else None
    except ImagesError:
        raise
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError, NotImplementedError,
            RuntimeError) as error:
        raise ImagesError(f"{path}: not an .npz file of plain arrays ({error})") from None


def _check_size(path: Path, name: str, member: BinaryIO) -> None:
    """Refuse an array by its header, before anything of its size is allocated."""
    version = npy.read_magic(member)
    if version not in HEADERS:
        raise ImagesError(f"{path}: {name} is of an unknown .npy version {version}")
    shape, _, dtype = HEADERS[version](member)
    size = dtype.itemsize
    for side in shape:
        size *= side
    if dtype.hasobject:
        raise ImagesError(f"{path}: {name} must be numbers, not Python objects")
    if not 0 <= size <= MAX_BYTES:
        raise ImagesError(f"{path}: {name} must have at most {MAX_BYTES} bytes, not {size}")
