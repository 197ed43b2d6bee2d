"""Where a data set lies: its ``.npz`` file, its originals, or a folder of images."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from .catalogue import KNOWN, Form
from .failure import DataError
from .folder import PARTS

__all__ = ["Source", "check_name", "data_folder", "find_source"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
VARIABLE = "FIRSTSPIKE_DATA"


@dataclass(frozen=True)
class Source:
    """What one part of a data set is read from.

    Parameters
    ----------
    name
        Of the data set.
    path
        The ``.npz`` file, the image folder, or the folder that ``form`` is in.
    form
        Of the originals, None if it is no original.
    """

    name: str
    path: Path
    form: Form | None = None

    def files(self, part: str) -> list[Path]:
        """Return what is read for a part; folders stand for the images in them."""
        if self.form is not None:
            return [self.path / original.path for original in self.form.files[part]]
        if self.path.is_dir():
            return [path for depth in ("*", "*/*") for path in sorted(self.path.glob(depth))]
        return [self.path]

    def stamps(self, part: str) -> tuple:
        """Return what changes if one of the files changes; the images in a folder do not count."""
        return tuple((status.st_ino, status.st_mtime_ns, status.st_size)
                     for path in self.files(part) for status in [path.stat()])


def check_name(dataset: str) -> None:
    """Raise ``ValueError`` unless this can be the name of a data set, present or not."""
    if not (isinstance(dataset, str) and NAME.fullmatch(dataset)):
        raise ValueError(f"dataset must be one of {', '.join(KNOWN)}, or the name of an .npz file "
                         f"or of an image folder in the data folder, not {dataset!r}")


def data_folder(data_dir: Path | None = None) -> Path:
    """Return ``data_dir``, else what ``FIRSTSPIKE_DATA`` says, else ``data``."""
    return Path(data_dir or os.environ.get(VARIABLE) or "data")


def find_source(name: str, part: str, folder: Path) -> Source:
    """Return what to read the ``"train"`` or ``"test"`` part of a data set from.

    ``NAME.npz`` comes first, then the originals, then a folder of images. Raises
    :class:`DataError` if there is none; it says how to get the data set.
    """
    for path in _npz_paths(name, folder):
        if path.is_file():
            return Source(name, path)
    lacking = []
    for form in _forms(name):
        wanted = [original.path for original in form.files[part]]
        missing = [path for path in wanted if not (folder / path).is_file()]
        if not missing:
            return Source(name, folder, form)
        lacking += missing if len(missing) < len(wanted) else []
    if (folder / name).is_dir() and not lacking and any(
            (folder / name / part).is_dir() for part in PARTS):
        return Source(name, folder / name)
    raise DataError(_how_to_get(name, part, folder, lacking))


def _forms(name: str) -> tuple[Form, ...]:
    return KNOWN[name].forms if name in KNOWN else ()


def _npz_paths(name: str, folder: Path) -> list[Path]:
    spellings = (name, name.replace("-", "_")) if name in KNOWN else (name,)
    return [folder / f"{spelling}.npz" for spelling in dict.fromkeys(spellings)]


def _how_to_get(name: str, part: str, folder: Path, lacking: list[str]) -> str:
    missing = f"{name} is not in {folder}/"
    if lacking:
        missing = f"{name} is not whole in {folder}/, {', '.join(lacking)} is missing"
    if name not in KNOWN:
        return (f"{missing}: put {name}.npz or a folder {name}/ with train/ and test/ there "
                f"(known by name: {', '.join(KNOWN)})")
    originals = " or ".join(", ".join(original.path for original in form.files[part])
                            for form in _forms(name))
    return (f"{missing}: fetch it with `firstspike data fetch {name} --data {folder}`, "
            f"or put {name}.npz or {originals} there")
