"""Image files: their size and whether they are grey, and their pixels. Pillow reads them."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from .failure import DataError

__all__ = ["SUFFIXES", "opened", "pixels"]

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm", ".webp")
# As Pillow calls them: black-and-white and grey, colour and palette. All have 8 bits at most, and
# none is transparent: what lies behind transparency is not for us to guess.
GREY, COLOUR = ("1", "L"), ("RGB", "P")


@contextmanager
def opened(file: Path | BinaryIO, name: str) -> Iterator:
    """Yield the Pillow image of a file, its header read and its pixels not yet.

    Raises :class:`DataError`, which begins with ``name``, for what is no such image, also within
    the block.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # An image of billions of pixels in a small file; other warnings harm nobody.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                if image.mode not in GREY + COLOUR or "transparency" in image.info:
                    raise DataError(f"{name}: images must be 8-bit grey or RGB without "
                                    f"transparency, not {image.mode}")
                yield image
    except DataError:
        raise
    except UnidentifiedImageError:
        raise DataError(f"{name}: not an image") from None
    except (SyntaxError, ValueError, EOFError, Image.DecompressionBombWarning,
            Image.DecompressionBombError) as error:
        raise DataError(f"{name}: not an image that can be read ({error})") from None
    except OSError as error:
        if error.errno is not None:  # the file cannot be read; Pillow's own errors have no number
            raise
        raise DataError(f"{name}: not an image that can be read ({error})") from None


def pixels(image, *, grey: bool) -> np.ndarray:
    """Return uint8 [1, H, W] if ``grey``, else [3, H, W]; a grey image may become colour."""
    array = np.asarray(image.convert("L" if grey else "RGB"))
    return array[None] if grey else array.transpose(2, 0, 1)
