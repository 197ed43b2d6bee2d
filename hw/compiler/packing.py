"""Packs fields into memory words with the layouts of the hardware itself."""

import numpy as np
from amaranth.lib import data

__all__ = ["LIMB_BITS", "pack", "pack_one"]

# Memory words are rows of unsigned numbers of this width, least significant first.
LIMB_BITS = 32


def pack(layout: data.StructLayout, **fields: np.ndarray) -> np.ndarray:
    """Return words, uint32 [n, limbs]; each field is an integer array [n], not given ones are 0.

    Raises ``OverflowError`` if a value does not fit its field.
    """
    count = len(next(iter(fields.values())))
    words = np.zeros((count, -(-layout.size // LIMB_BITS)), np.uint32)
    for name, values in fields.items():
        field = layout[name]
        _check_range(name, field, values)
        unsigned = np.asarray(values).astype(np.int64).view(np.uint64)
        if field.width < 64:
            unsigned = unsigned & np.uint64((1 << field.width) - 1)
        _place(words, unsigned, *divmod(field.offset, LIMB_BITS), field.width)
    return words


def pack_one(layout: data.StructLayout, **fields: int) -> np.ndarray:
    """Return one word of a layout, uint32 [1, limbs]; fields not given are 0."""
    values = {name: np.array([int(getattr(value, "value", value))])
              for name, value in fields.items()}
    return pack(layout, **values)


def _place(words: np.ndarray, values: np.ndarray, limb: int, shift: int, width: int) -> None:
    """Set bits from ``shift`` of ``limb`` on; values are uint64 [n]."""
    mask = np.uint64((1 << LIMB_BITS) - 1)
    done = 0
    while done < width:
        part = ((values >> np.uint64(done)) << np.uint64(shift)) & mask
        words[:, limb] |= part.astype(np.uint32)
        done, shift, limb = done + LIMB_BITS - shift, 0, limb + 1


def _check_range(name: str, field: data.Field, values: np.ndarray) -> None:
    shape = data.Shape.cast(field.shape)
    low, high = (-1 << (field.width - 1), 1 << (field.width - 1)) if shape.signed else (
        0, 1 << field.width)
    least, most = (values.min(), values.max()) if len(values) else (0, 0)
    if not (low <= least and most < high):
        raise OverflowError(f"{name} must be {low} to {high - 1}, not {least} to {most}")
