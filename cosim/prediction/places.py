"""Which kernel taps lead from each place of a source into the output map."""

import numpy as np

__all__ = ["place_masks"]


def place_masks(fields: dict[str, int]) -> np.ndarray:
    """Return the taps of each place of an INTEGRATE instruction, uint64 [places].

    Bit row · kernel + column is set for a tap that leads into the map; 0: no event is sent.
    """
    height, width, kernel = (fields[name] for name in ("height", "width", "kernel"))
    if fields["linear"]:
        return np.ones(height * width, np.uint64)
    stride = 2 if fields["halves"] else 1
    rows = _inside(height, fields["top"], fields["out_height"], kernel, stride)
    columns = _inside(width, fields["left"], fields["out_width"], kernel, stride)
    inside = rows[:, None, :, None] & columns[None, :, None, :]
    worth = np.uint64(1) << np.arange(kernel * kernel, dtype=np.uint64)
    return (inside.reshape(height * width, -1) * worth).sum(axis=1, dtype=np.uint64)


def _inside(positions: int, start: int, size: int, kernel: int, stride: int) -> np.ndarray:
    """Return in one direction which taps lead into the map, bool [positions, kernel]."""
    reach = np.arange(positions)[:, None] + start - np.arange(kernel)
    return (reach % stride == 0) & (reach >= 0) & (reach // stride < size)
