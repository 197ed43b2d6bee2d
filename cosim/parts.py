"""Finished parts of a long run, kept beside its output until that is whole."""

import io
import json
import shutil
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hw.network import write_whole

from .console import Progress
from .output import new_files

__all__ = ["Parts", "in_parts", "open_parts"]

KEY = "run.json"
# Images of a part: seconds to a minute for a VGG-16.
IMAGES_PER_PART = 500

# Called with some images, and what shows progress.
Work = Callable[[np.ndarray, Progress], dict[str, np.ndarray]]


@dataclass(frozen=True)
class Parts:
    """A folder of arrays, one file for each part, that belongs to one run.

    Parameters
    ----------
    folder
        Made by ``begin``.
    run
        What the result depends on, by name.
    """

    folder: Path
    run: dict[str, str]

    def begin(self) -> None:
        """Make the folder, if it is not there."""
        self.folder.mkdir(exist_ok=True)
        write_whole(self.folder / KEY, json.dumps(self.run, indent=1).encode())

    def load(self, part: str) -> dict[str, np.ndarray] | None:
        """Return the arrays of a part; ``None`` if it is not there, or damaged."""
        try:
            with (self._path(part).open("rb") as file,
                  np.load(file, allow_pickle=False) as arrays):
                return {name: arrays[name] for name in arrays.files}
        except (FileNotFoundError, zipfile.BadZipFile, zlib.error, ValueError, EOFError):
            return None

    def save(self, part: str, arrays: dict[str, np.ndarray]) -> None:
        """Keep the arrays of a part: whole or not at all."""
        content = io.BytesIO()
        np.savez(content, **arrays)
        write_whole(self._path(part), content.getvalue())

    def remove(self) -> None:
        """Delete the folder, if there is one."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _path(self, part: str) -> Path:
        return self.folder / f"{part}.npz"


def in_parts(work: Work, images: np.ndarray, *, parts: Parts,
             progress: Progress) -> dict[str, np.ndarray]:
    """Return the arrays, [images, ...], that ``work`` makes of images; parts are not made again.

    More images than one part holds are saved part by part.
    """
    found = []
    if len(images) > IMAGES_PER_PART:
        parts.begin()
    for first in range(0, len(images), IMAGES_PER_PART):
        some = images[first:first + IMAGES_PER_PART]
        name = f"{first}-{first + len(some)}"
        arrays = parts.load(name)
        if arrays is None:
            arrays = work(some, lambda done, *_, first=first: progress(
                first + done, len(images), "images"))
            if len(some) < len(images):
                parts.save(name, arrays)
        else:
            progress(first + len(some), len(images), "images")
        found.append(arrays)
    return {key: np.concatenate([arrays[key] for arrays in found]) for key in found[0]}


def open_parts(output: Path, run: dict[str, str], *, resume: bool) -> Parts:
    """Return the parts of the run that writes ``output``: they lie in ``output``.part.

    Raises ``ValueError`` if parts are there but not asked for, or not of this run, and ``OSError``
    if ``output`` cannot be written; its folder is made.
    """
    if output.is_dir():
        raise IsADirectoryError(None, "Is a directory", str(output))
    with new_files(output.parent, []):
        pass
    parts = Parts(output.with_name(f"{output.name}.part"), run)
    if not parts.folder.exists():
        return parts
    if not resume:
        raise ValueError(f"{parts.folder}: an unfinished run is there; continue it with --resume, "
                         "or remove the folder")
    if not any(path for path in parts.folder.iterdir() if not path.name.startswith(".")):
        return parts                                    # stopped before anything was kept
    try:
        found = dict(json.loads((parts.folder / KEY).read_text()))
    except (FileNotFoundError, TypeError, ValueError):
        raise ValueError(f"{parts.folder}: {KEY} does not say of what run it is; remove the "
                         "folder") from None
    for name, value in run.items():
        if found.get(name) != value:
            raise ValueError(f"{parts.folder}: is of a run that differs in {name}; remove the "
                             "folder, or write to another file")
    return parts
