"""Which data sets there are: those known by name, and those that lie in a data folder."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

from .catalogue import EMBEDDED, KNOWN, canonical
from .failure import DataError
from .folder import PARTS
from .source import NAME, find_source

__all__ = ["Entry", "inventory"]


@dataclass(frozen=True)
class Entry:
    """A data set in the list.

    Parameters
    ----------
    name
        To load it by.
    path
        What it would be read from, None if it is absent or embedded.
    is_present
        Whether all of it is there. Checksums are verified when it is read, not here.
    shape, classes
        C, H, W and the number of classes; None for a set that is not known by name.
    """

    name: str
    path: Path | None
    is_present: bool
    shape: tuple[int, int, int] | None = None
    classes: int | None = None


def inventory(folder: Path) -> list[Entry]:
    """Return the known data sets, then the others in ``folder`` by name."""
    entries = []
    for name, known in KNOWN.items():
        path = None if name == EMBEDDED else _path(name, folder)
        entries.append(Entry(name, path, name == EMBEDDED or path is not None,
                             known.shape, known.class_count))
    own = {path.stem if path.is_file() else path.name: path
           for path in (sorted(folder.iterdir()) if folder.is_dir() else ()) if _is_own(path)}
    return entries + [Entry(name, path, True) for name, path in own.items()
                      if NAME.fullmatch(name) and canonical(name) not in KNOWN]


def _path(name: str, folder: Path) -> Path | None:
    try:
        sources = [find_source(name, part, folder) for part in PARTS]
    except DataError:
        return None
    return sources[0].files("train")[0] if sources[0].form else sources[0].path


def _is_own(path: Path) -> bool:
    if path.is_dir():
        return all((path / part).is_dir() for part in PARTS)
    if path.suffix != ".npz":
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return {f"{part}_{field}.npy" for part in PARTS
                    for field in ("images", "labels")} <= set(archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False
