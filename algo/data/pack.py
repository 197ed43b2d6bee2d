"""Images of any size made one size: a folder becomes the arrays of ``NAME.npz``."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from .folder import PARTS, list_folder
from .pictures import opened, pixels

__all__ = ["pack_folder"]


def pack_folder(path: Path, size: int, *,
                progress: Callable[[int, int, str], None] | None = None) -> dict[str, np.ndarray]:
    """Return the arrays of an image folder (see ``algo.data.folder``), each image size x size.

    An image is turned upright if its camera says how, its shorter side becomes ``size`` (bicubic,
    over all pixels that fall into a new one), and the middle is cut out. Images are RGB unless all
    are grey. Raises :class:`~algo.data.failure.DataError`, or ``OSError``.
    """
    folder = list_folder(path)
    grey = folder.is_grey()
    total, done = sum(map(len, folder.files.values())), 0
    arrays = {"classes": np.array(folder.classes)}
    for part in PARTS:
        files = folder.files[part]
        images = np.empty((len(files), 1 if grey else 3, size, size), np.uint8)
        for index, file in enumerate(files):
            with opened(file, str(file)) as image:
                images[index] = _square(image, size, grey=grey)
            done += 1
            if progress:
                progress(done, total, "images")
        arrays |= {f"{part}_images": images, f"{part}_labels": np.array(folder.labels[part])}
    return arrays


def _square(image, size: int, *, grey: bool) -> np.ndarray:
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image).convert("L" if grey else "RGB")
    fitted = ImageOps.fit(upright, (size, size), method=Image.Resampling.BICUBIC)
    return pixels(fitted, grey=grey)
