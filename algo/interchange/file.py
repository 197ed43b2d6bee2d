"""NIR files, through the package ``nir``, which is an optional dependency."""

from io import BytesIO
from pathlib import Path

from hw.network import write_whole

from .refusal import InterchangeError

__all__ = ["load_graph", "nir_package", "save_graph"]


def nir_package():
    """Return the package ``nir``; :class:`InterchangeError` if it is not installed."""
    try:
        import nir
    except ImportError:
        raise InterchangeError("NIR files need the package nir: pip install 'firstspike[nir]'"
                               ) from None
    return nir


def load_graph(path: Path):
    """Return the ``nir.NIRGraph`` of a file, its types unchecked.

    Raises :class:`InterchangeError` if it holds none, ``OSError`` if it cannot be read.
    """
    nir = nir_package()
    with Path(path).open("rb") as file:
        try:
            return nir.read(file, type_check=False)
        except Exception as error:                  # whatever HDF5 or nir makes of wrong bytes
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InterchangeError(f"{path}: not a NIR file ({reason:.120})") from None


def save_graph(graph, path: Path) -> None:
    """Write a ``nir.NIRGraph``, all or nothing; ``OSError`` if the file cannot be written."""
    content = BytesIO()
    nir_package().write(content, graph)
    write_whole(Path(path), content.getvalue())
