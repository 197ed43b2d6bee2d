"""Packs fields into memory words with the layouts of the hardware itself."""

import numpy as np
from amaranth.lib import data

__all__ = ["pack", "pack_one", "stream_words"]


def pack(layout: data.StructLayout, **fields: np.ndarray) -> np.ndarray:
    """Return words [n], uint64 or, of a layout of more than 64 bits, Python integers.

    Each field is an array [n]. Raises ``OverflowError`` if a value does not fit its field.
    """
    kind = np.uint64 if layout.size <= 64 else object
    words = np.zeros(len(next(iter(fields.values()))), kind)
    for name, values in fields.items():
        field = layout[name]
        _check_range(name, field, values.min(initial=0), values.max(initial=0))
        mask = np.uint64((1 << field.width) - 1)
        unsigned = values.astype(np.int64).astype(np.uint64) & mask
        words |= unsigned.astype(kind) << np.asarray(field.offset, kind)
    return words


def pack_one(layout: data.StructLayout, **fields: int) -> int:
    """Return one word of a layout of any width; fields not given are 0."""
    word = 0
    for name, value in fields.items():
        field = layout[name]
        value = getattr(value, "value", value)
        _check_range(name, field, value, value)
        word |= (int(value) & ((1 << field.width) - 1)) << field.offset
    return word


def _check_range(name: str, field: data.Field, least, most) -> None:
    signed = getattr(field.shape, "signed", False)
    low, high = (-1 << (field.width - 1), 1 << (field.width - 1)) if signed else (
        0, 1 << field.width)
    if not (low <= least and most < high):
        raise OverflowError(f"{name} must be {low} to {high - 1}, not {least} to {most}")


def stream_words(words, width_bits: int) -> np.ndarray:
    """Split memory words into load stream words, uint32, least significant first."""
    count = -(-width_bits // 32)
    content = b"".join(int(word).to_bytes(4 * count, "little") for word in words)
    return np.frombuffer(content, "<u4")
