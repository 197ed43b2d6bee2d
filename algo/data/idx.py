"""MNIST and Fashion-MNIST as their authors publish them: gzipped IDX files.

An IDX file is a magic number (two zero bytes, 8 for uint8, the number of axes), the length of each
axis as a big-endian uint32, and the values.
"""

import gzip
import math
from typing import BinaryIO

import numpy as np

from .digits import DIGITS
from .failure import DataError

__all__ = ["FASHION_CLASSES", "MNIST_CLASSES", "SHAPE", "read_idx"]

SHAPE = (1, 28, 28)
MNIST_CLASSES = DIGITS
FASHION_CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                   "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
UINT8 = 8


def read_idx(images: BinaryIO, labels: BinaryIO) -> tuple[np.ndarray, np.ndarray]:
    """Return images uint8 [N, 1, H, W] and labels uint8 [N] of two gzipped IDX files.

    Raises :class:`DataError` for files of another form or of different lengths.
    """
    pixels, numbers = _array(images, "images", axes=3), _array(labels, "labels", axes=1)
    if len(pixels) != len(numbers):
        raise DataError(f"labels must be {len(pixels)}, one for each image, not {len(numbers)}")
    return pixels[:, None], numbers


def _array(file: BinaryIO, what: str, *, axes: int) -> np.ndarray:
    with gzip.open(file) as unzipped:
        content = unzipped.read()
    magic = bytes([0, 0, UINT8, axes])
    if content[:4] != magic:
        raise DataError(f"{what} must begin with the magic number {magic.hex()}, "
                        f"not {content[:4].hex() or 'nothing'}")
    header = 4 + 4 * axes
    if len(content) < header:
        raise DataError(f"{what} must have a header of {header} bytes, not {len(content)}")
    shape = tuple(np.frombuffer(content, ">u4", count=axes, offset=4).tolist())
    if len(content) - header != math.prod(shape):
        raise DataError(f"{what} must be {math.prod(shape)} bytes, as their header says, "
                        f"not {len(content) - header}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape).copy()
