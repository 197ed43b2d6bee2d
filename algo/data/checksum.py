"""An original file opened, once it is known to be the original byte for byte."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .failure import DataError
from .originals import Original

__all__ = ["verified"]


@contextmanager
def verified(path: Path, original: Original) -> Iterator[BinaryIO]:
    """Yield the open file at its beginning; nobody has parsed a byte of it yet.

    The same open file is checked and read, so that another cannot take its place in between.
    Raises :class:`DataError` if size or SHA-256 differ, ``OSError`` if it cannot be read.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        if size != original.size:
            raise DataError(f"{path}: size must be {original.size} bytes, not {size}; "
                            f"is its download unfinished?")
        found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != original.sha256:
            raise DataError(f"{path}: SHA-256 must be {original.sha256}, not {found}")
        file.seek(0)
        yield file
