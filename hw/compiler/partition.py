"""Cuts layers and kernels into parts that fit the processor."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..network import Layer, Shape, Synapses
from .allocation import CompileError

__all__ = ["KernelPart", "Part", "kernel_parts", "layer_parts"]


@dataclass(frozen=True, kw_only=True)
class Part:
    """Neurons whose potentials exist at the same time.

    Local channels ``first_local`` … of every lane, and rows ``first_row`` … of their maps.
    """

    first_local: int
    local_channels: int
    first_row: int
    rows: int

    @property
    def local_bits(self) -> int:
        """Bits of a local channel in the address of a potential."""
        return (self.local_channels - 1).bit_length()


@dataclass(frozen=True, kw_only=True, eq=False)
class KernelPart:
    """A kernel no larger than the processor's, cut from a synapse group's.

    ``weight`` int8 [out, in, taps]; ``kernel`` its side; ``top`` and ``left`` how far the source
    map lies below and right of the output map, as padding does.
    """

    weight: np.ndarray
    kernel: int
    top: int
    left: int


def layer_parts(layer: Layer, neurons: Shape, lanes: int, potentials: int,
                most_local_channels: int) -> list[Part]:
    """Return the parts of a layer, in the order in which they are worked off.

    Passes over the output channels, each with as many as fit; if not even one does, bands of rows
    of one channel. ``potentials`` is the depth of a lane's memory. Raises :class:`CompileError` if
    no whole pooling window fits.
    """
    positions = neurons.height * neurons.width
    local_channels = -(-neurons.channels // lanes)
    if positions <= potentials:
        fitting = 1 << (potentials // positions).bit_length() - 1
        passes = -(-local_channels // min(fitting, most_local_channels))
        each = -(-local_channels // passes)
        return [Part(first_local=first, local_channels=min(each, local_channels - first),
                     first_row=0, rows=neurons.height)
                for first in range(0, local_channels, each)]
    rows = potentials // neurons.width // layer.pool * layer.pool
    if not rows:
        raise CompileError(
            f"layer {layer.name}: needs {layer.pool * neurons.width} words of potential memory in "
            f"each lane for a row of pooling windows, there are {potentials}")
    return [Part(first_local=first, local_channels=1, first_row=start,
                 rows=min(rows, neurons.height - start))
            for first in range(local_channels) for start in range(0, neurons.height, rows)]


def kernel_parts(group: Synapses, weight: np.ndarray, most: int) -> Iterator[KernelPart]:
    """Cut a kernel that is larger than ``most``; ``weight`` is int8 [out, in, K, K].

    The parts are kernels of side ``most`` whose taps add up to all of the kernel's; at its edge
    they are filled up with zeros, which are not stored.
    """
    if group.kernel <= most:
        yield KernelPart(weight=weight.reshape(*weight.shape[:2], -1), kernel=group.kernel,
                         top=group.padding, left=group.padding)
        return
    for row in range(0, group.kernel, most):
        for column in range(0, group.kernel, most):
            part = np.zeros((*weight.shape[:2], most, most), weight.dtype)
            cut = weight[:, :, row:row + most, column:column + most]
            part[:, :, :cut.shape[2], :cut.shape[3]] = cut
            yield KernelPart(weight=part.reshape(*part.shape[:2], -1), kernel=most,
                             top=group.padding - row, left=group.padding - column)
