"""Reading one split of a data set, from whatever it lies in."""

import gzip
import tarfile
import zipfile
import zlib
from contextlib import ExitStack, suppress
from functools import lru_cache
from pathlib import Path

import numpy as np

from .arrays import checked
from .catalogue import EMBEDDED, KNOWN, canonical
from .checksum import verified
from .digits import digits
from .failure import DataError
from .folder import PARTS, read_folder
from .npz import read_part, write_arrays
from .source import NAME, Source, data_folder, find_source
from .splits import SPLITS, Split, with_validation

__all__ = ["load_split", "names"]

# Training and test part of one data set; those of CIFAR-10 are 184 MB.
PARTS_KEPT = 2


def load_split(name: str, *, data_dir: Path | None = None) -> Split:
    """Return the split ``<data set>:<split>``, for example ``digits:test``.

    ``data_dir`` is where data sets lie that are not embedded: by default the folder that the
    environment variable ``FIRSTSPIKE_DATA`` names, else ``data``. A tenth of the training images,
    always the same, are the validation split. What was read last is kept, so do not write to it.
    Raises ``ValueError`` in one line for a name that cannot be, and for a data set that is missing
    or not right; ``OSError`` for a file that cannot be read.

    >>> images, labels, classes = load_split("digits:test")
    >>> images.shape, len(classes)
    ((360, 1, 8, 8), 10)
    """
    dataset, _, split = name.partition(":")
    if split not in SPLITS or not NAME.fullmatch(dataset):
        raise ValueError(f"a data-set split must be NAME:train, NAME:validation or NAME:test, such "
                         f"as digits:test, not {name!r}")
    dataset = canonical(dataset)
    if dataset == EMBEDDED:
        return digits()[split]
    part = "test" if split == "test" else "train"
    source = find_source(dataset, part, data_folder(data_dir))
    return _read(source, part, source.stamps(part))[split]


def names() -> list[str]:
    """Return the splits of the data sets that are known by name."""
    return [f"{dataset}:{split}" for dataset in sorted(KNOWN) for split in SPLITS]


@lru_cache(maxsize=PARTS_KEPT)
def _read(source: Source, part: str, stamps: tuple) -> dict[str, Split]:
    """Return the splits of a part; ``stamps`` make it read again if a file changes."""
    if source.form is not None:
        found = _read_original(source, part)
    elif source.path.is_dir():
        found = read_folder(source.path, part)
    else:
        known = KNOWN.get(source.name)
        found = read_part(source.path, part, shape=known and known.shape,
                          classes=known and known.class_names)
    return {"test": found} if part == "test" else with_validation(found, str(source.path))


def _read_original(source: Source, part: str) -> Split:
    """Return a part of verified originals; slow ones are written to ``NAME.npz`` for next time."""
    known, paths = KNOWN[source.name], source.files(part)
    with ExitStack() as stack:
        files = [stack.enter_context(verified(path, original)) for path, original
                 in zip(paths, source.form.files[part], strict=True)]
        try:
            if known.is_slow and part == "train":
                parts = {each: _decode(source, each, files) for each in PARTS}
                _write_npz(source, parts)
                return parts[part]
            return _decode(source, part, files)
        except (DataError, tarfile.TarError, zipfile.BadZipFile, zlib.error, gzip.BadGzipFile,
                EOFError, ValueError, NotImplementedError) as error:
            where = paths[0].parent if len(paths) > 1 else paths[0]
            raise DataError(f"{where}: {error}") from None


def _decode(source: Source, part: str, files: list) -> Split:
    known = KNOWN[source.name]
    images, labels, *classes = source.form.read(*files, part)
    classes = known.class_names or classes[0]
    return checked(part, images, labels, classes, shape=known.shape)


def _write_npz(source: Source, parts: dict[str, Split]) -> None:
    arrays = {f"{part}_{field}": getattr(split, field)
              for part, split in parts.items() for field in ("images", "labels")}
    with suppress(OSError):  # read-only or full: it only takes as long again next time
        write_arrays(source.path / f"{source.name}.npz", **arrays,
                     classes=np.array(parts["train"].classes))
