"""How many stored weights a spike meets, by the channel and the place it comes from."""

import numpy as np

from hw.network import Shape, Synapses

__all__ = ["dense_operations", "fan_out", "fan_out_of", "is_identity"]


def fan_out(is_stored: np.ndarray, source: Shape, *, kind: str = "conv", stride: int = 1,
            padding: int = 0) -> np.ndarray:
    """Return the synaptic operations of one spike, int64 [C, H, W] for each neuron of ``source``.

    ``is_stored`` tells which weights are not zero, bool [out, C, K, K] (``conv``) or [out, C·H·W]
    (``linear``). A weight counts where its tap falls inside the output map: that of row ``ky`` is
    met by row y if (y + padding − ky) / stride is a row of the output; columns alike.

    >>> fan_out(np.ones((2, 1, 3, 3), bool), Shape(1, 2, 3), padding=1)
    array([[[ 8, 12,  8],
            [ 8, 12,  8]]])
    """
    if kind == "linear":
        return is_stored.sum(axis=0, dtype=np.int64).reshape(source)
    kernel = is_stored.shape[-1]
    rows, columns = (_meets(side, kernel, stride, padding) for side in source[1:])
    # (C, H, K) · (K, W): first the rows, then the columns.
    by_row = rows @ is_stored.sum(axis=0, dtype=np.int64)
    return by_row @ columns.T


def fan_out_of(group: Synapses, source: Shape) -> np.ndarray:
    """Return :func:`fan_out` of a synapse group whose source has this shape."""
    return fan_out(group.weight != 0, source, kind=group.kind, stride=group.stride,
                   padding=group.padding)


def _meets(side: int, kernel: int, stride: int, padding: int) -> np.ndarray:
    """Return whether the tap k leads from position p into the output map, int64 [side, kernel]."""
    outputs = (side + 2 * padding - kernel) // stride + 1
    moved = np.arange(side)[:, None] + padding - np.arange(kernel)
    inside = (moved % stride == 0) & (moved >= 0) & (moved < outputs * stride)
    return inside.astype(np.int64)


def is_identity(group: Synapses) -> bool:
    """Whether a group hands its source on as it is: a skip path, not weights that were learned.

    A single weight is none.
    """
    size = group.weight.size
    if size == 1 or size != len(group.weight) ** 2 or group.stride != 1 or group.padding:
        return False
    codes = group.weight.reshape(len(group.weight), -1)
    diagonal = codes.diagonal()
    return bool(diagonal[0] > 0 and (diagonal == diagonal[0]).all()
                and np.count_nonzero(codes) == len(codes))


def dense_operations(group: Synapses, source: Shape) -> int:
    """Return the multiplications of a network without spikes and zeros, K²·C·out·H′·W′.

    As papers count them: taps in the padding too. Identities have none.
    """
    if is_identity(group):
        return 0
    _, height, width = group.output_shape(source)
    return group.weight.size * height * width
