"""Output files that appear whole or not at all."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["new_file", "new_files"]


@contextmanager
def new_files(directory: Path, names: Sequence[str]) -> Iterator[Path]:
    """Yield an empty folder; what the block writes there moves to ``directory`` at its end.

    ``names`` are the files that the caller owns: those it did not write this time are removed from
    ``directory``, and the last one is moved last. Other files stay. If the block raises, nothing
    changes. ``OSError`` at once if ``directory`` cannot be written.
    """
    directory = Path(directory)
    for path in (directory, *directory.absolute().parents):
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(None, "Not a directory", str(path))
    existing = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    with tempfile.TemporaryDirectory(prefix=".firstspike-", dir=existing) as folder:
        stage = Path(folder)
        yield stage
        directory.mkdir(parents=True, exist_ok=True)
        for name in names:
            if (stage / name).exists():
                (stage / name).replace(directory / name)
            else:
                (directory / name).unlink(missing_ok=True)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield the path of a file to write, of the same name; it replaces ``path`` at the end."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(None, "Is a directory", str(path))
    with new_files(path.parent, [path.name]) as stage:
        yield stage / path.name
