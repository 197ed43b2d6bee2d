"""Arrays in ``.npz`` files: the plain form of a data set.

``NAME.npz`` holds ``train_images``, ``train_labels``, ``test_images`` and ``test_labels``, and may
hold ``classes``, the names. Nothing is ever unpickled, and an array's size is known from its header
before anything is allocated for it.
"""

import os
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from .arrays import checked
from .failure import DataError
from .splits import Split

__all__ = ["read_arrays", "read_part", "write_arrays"]

# More than any data set has that fits into memory; keeps a corrupt header from exhausting it.
MAX_BYTES = 1 << 36
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_arrays(path: Path, wanted: Collection[str], optional: Collection[str] = (), *,
                max_bytes: int = MAX_BYTES) -> dict[str, np.ndarray]:
    """Return the ``wanted`` arrays of a file, and those ``optional`` ones that it has.

    Raises :class:`DataError` for a file that lacks one, holds Python objects, has an array above
    ``max_bytes``, or is no ``.npz`` file at all; ``OSError`` if it cannot be read.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            members = {name.removesuffix(".npy") for name in archive.namelist()}
            for name in wanted:
                if name not in members:
                    raise DataError(f"{path}: {name} are missing, there is only "
                                    f"{', '.join(sorted(members)) or 'nothing'}"[:200])
            names = [*wanted, *(name for name in optional if name in members)]
            for name in names:
                with archive.open(f"{name}.npy") as member:
                    _check_size(path, name, member, max_bytes)
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in names}
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError, NotImplementedError,
            RuntimeError) as error:
        raise DataError(f"{path}: not an .npz file of plain arrays ({error})") from None


def read_part(path: Path, part: str, *, shape: tuple[int, int, int] | None = None,
              classes: tuple[str, ...] | None = None) -> Split:
    """Return the ``"train"`` or the ``"test"`` part of a data set's file.

    ``shape`` and ``classes`` are those of a known data set; of another the shape is free, and its
    classes are named in the file or numbered as its training labels are. Raises
    :class:`DataError`, or ``OSError``.
    """
    images, labels = f"{part}_images", f"{part}_labels"
    known = () if classes else ("train_labels",)
    arrays = read_arrays(path, dict.fromkeys((images, labels, *known)), ["classes"])
    classes = classes or _classes(path, arrays)
    return checked(f"{path}: {part}", arrays[images], arrays[labels], classes, shape=shape)


def write_arrays(path: Path, **arrays: np.ndarray) -> None:
    """Write an ``.npz`` file under a temporary name, then rename it. Raises ``OSError``."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            np.savez(file, **arrays)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _classes(path: Path, arrays: dict[str, np.ndarray]) -> tuple[str, ...]:
    if "classes" in arrays:
        names = arrays["classes"]
        if names.dtype.kind != "U" or names.ndim != 1 or not names.size:
            raise DataError(f"{path}: classes must be strings [K], "
                            f"not {names.dtype} {list(names.shape)}")
        return tuple(names.tolist())
    labels = arrays["train_labels"]
    if labels.dtype.kind not in "iu" or not labels.size:
        raise DataError(f"{path}: train_labels must be integers [N], "
                        f"not {labels.dtype} {list(labels.shape)}")
    # No more classes than training images: one wild label must not make millions of names.
    return tuple(str(label) for label in range(max(1, min(int(labels.max()) + 1, labels.size))))


def _check_size(path: Path, name: str, member: BinaryIO, max_bytes: int) -> None:
    version = npy.read_magic(member)
    if version not in HEADERS:
        raise DataError(f"{path}: {name} is of an unknown .npy version {version}")
    shape, _, dtype = HEADERS[version](member)
    size = dtype.itemsize
    for side in shape:
        size *= side
    if dtype.hasobject:
        raise DataError(f"{path}: {name} must be numbers, not Python objects")
    if not 0 <= size <= max_bytes:
        raise DataError(f"{path}: {name} must have at most {max_bytes} bytes, not {size}")
