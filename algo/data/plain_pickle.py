"""Pickles of plain things: what CIFAR's Python archives are made of, and nothing else.

A pickle may call whatever it names. Here it can name three things, and gets harmless stand-ins for
them: together they make uint8 arrays, without numpy's own reconstruction ever running.
"""

import pickle
from typing import BinaryIO

import numpy as np

from .failure import DataError

__all__ = ["load_plain"]


def load_plain(file: BinaryIO):
    """Return dicts, lists, tuples, bytes, strings, numbers, None and uint8 arrays of a pickle.

    Strings that Python 2 wrote are bytes. Raises :class:`DataError` for a pickle that is damaged or
    asks for anything else.
    """
    try:
        return _arrays(_PlainUnpickler(file, encoding="bytes").load())
    except DataError:
        raise
    except Exception as error:  # a damaged pickle can fail in any way
        raise DataError(f"damaged pickle ({error})") from None


class _Bytes:
    """Stands in for ``numpy.dtype``: only uint8."""

    def __init__(self, code, *_):
        if code not in ("u1", b"u1"):
            raise DataError(f"pickled arrays must be uint8, not {code!r}")

    def __setstate__(self, state):
        """Ignore byte order and alignment, which a byte does not have."""


class _Array:
    """Stands in for ``numpy.ndarray`` and for the function that makes one; holds one."""

    def __init__(self, *_):
        """Take the arguments of either."""

    def __setstate__(self, state):
        _, shape, dtype, fortran, content = state
        if not (isinstance(dtype, _Bytes) and isinstance(content, bytes)):
            raise DataError("pickled arrays must be uint8 bytes")
        array = np.frombuffer(content, np.uint8)
        self.array = array.reshape(shape, order="F" if fortran else "C")


# Classes with __setstate__ only: a pickle may set attributes of anything else that it can name.
ALLOWED = {
    ("numpy", "dtype"): _Bytes,
    ("numpy", "ndarray"): _Array,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
}


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str):
        try:
            return ALLOWED[module, name]
        except KeyError:
            raise DataError(f"a pickle must not ask for {module}.{name}") from None

    def persistent_load(self, pid):
        raise DataError("a pickle must not refer to something outside of it")


def _arrays(value):
    """Return ``value`` with arrays in place of their stand-ins; refuse a stand-in without one."""
    if isinstance(value, dict):
        return {_arrays(key): _arrays(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_arrays, value))
    if isinstance(value, _Array):
        return value.array
    if isinstance(value, bytes | str | int | float | None):
        return value
    raise DataError(f"a pickle must not hold {type(value).__name__}")
