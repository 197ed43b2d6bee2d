"""A folder of images as a data set: ``{train,test}/CLASS/*.png``, one folder for each class.

Classes are the folders of ``train``, in alphabetical order, and images are taken in alphabetical
order too. Hidden files, and files that are no images by their suffix, are passed over.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .arrays import checked
from .failure import DataError
from .pictures import GREY, SUFFIXES, opened, pixels
from .splits import Split

__all__ = ["PARTS", "Folder", "list_folder", "read_folder"]

PARTS = ("train", "test")


@dataclass(frozen=True)
class Folder:
    """Files of each part, the label of each file, and names of the classes."""

    path: Path
    files: dict[str, tuple[Path, ...]]
    labels: dict[str, tuple[int, ...]]
    classes: tuple[str, ...]

    def is_grey(self) -> bool:
        """Whether no image has colours. Raises :class:`DataError` for what is no image."""
        for path in (path for part in PARTS for path in self.files[part]):
            with opened(path, str(path)) as image:
                if image.mode not in GREY:
                    return False
        return True


def list_folder(path: Path) -> Folder:
    """Return what lies in a folder, no image read yet. Raises :class:`DataError`."""
    for part in PARTS:
        if not (path / part).is_dir():
            raise DataError(f"{path}: an image folder must have train/ and test/, "
                            f"there is no {part}/")
    classes = _subfolders(path / "train")
    files, labels = {}, {}
    for part in PARTS:
        folders = _subfolders(path / part)
        for name in folders:
            if name not in classes:
                raise DataError(f"{path / part}: class {name!r} must have training images too")
        listed = [(file, classes.index(name))
                  for name in folders for file in _images(path / part / name)]
        files[part], labels[part] = map(tuple, zip(*listed, strict=True))
    return Folder(path, files, labels, classes)


def read_folder(path: Path, part: str) -> Split:
    """Return the ``"train"`` or the ``"test"`` part of a folder.

    All images must have one size; they are RGB unless all of them, in both parts, are grey. Raises
    :class:`DataError`, or ``OSError`` for a file that cannot be read.
    """
    folder = list_folder(path)
    grey = folder.is_grey()
    files, images = folder.files[part], None
    for index, file in enumerate(files):
        with opened(file, str(file)) as image:
            array = pixels(image, grey=grey)
        if images is None:
            images = np.empty((len(files), *array.shape), np.uint8)
        if array.shape != images.shape[1:]:
            raise DataError(f"{file}: images must all be {_size(images)} as {files[0].name} is, "
                            f"not {_size(array)}: `firstspike data pack` makes them one size")
        images[index] = array
    return checked(f"{path}: {part}", images, np.array(folder.labels[part]), folder.classes)


def _size(array: np.ndarray) -> str:
    return f"{array.shape[-1]}x{array.shape[-2]}"


def _subfolders(path: Path) -> tuple[str, ...]:
    names = sorted(entry.name for entry in path.iterdir()
                   if entry.is_dir() and not entry.name.startswith("."))
    if not names:
        raise DataError(f"{path}: must hold a folder for each class, there is none")
    return tuple(names)


def _images(path: Path) -> list[Path]:
    files = sorted(entry for entry in path.iterdir()
                   if entry.suffix.lower() in SUFFIXES and not entry.name.startswith("."))
    if not files:
        raise DataError(f"{path}: must hold images ({' '.join(SUFFIXES)}), there is none")
    return files
