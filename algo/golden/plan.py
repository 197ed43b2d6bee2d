"""A synapse group made ready for the compiled loops: its events, products and weights."""

from dataclasses import dataclass

import numpy as np

from hw.network import INPUT, Network, Shape, Synapses
from hw.network.model import NO_EVENT

from .adding import EXPONENTS, add_dense, add_sparse, list_events

__all__ = ["DenseGroup", "SparseGroup", "plan_group"]

# Below this density it is faster to add weight by weight than row by row.
SPARSE_BELOW = 1 / 16
# Bytes of the products of a block of input channels: they stay in the cache next to a core.
TABLE_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class DenseGroup:
    """A group whose weights are kept as a whole; fields are arguments of :func:`add_dense`."""

    exponents_of: np.ndarray
    codes: np.ndarray
    products: np.ndarray
    exponents: int
    per_block: int
    geometry: tuple[int, int, int]

    def add_to(self, potential: np.ndarray, source: np.ndarray) -> None:
        """Add all products of a map uint8 [images, rows, columns, channels]."""
        starts, events = list_events(source, self.exponents_of, self.per_block, self.exponents)
        add_dense(potential, source.shape[1:3], starts, events, self.codes, self.products,
                  self.exponents, self.per_block, self.geometry)


@dataclass(frozen=True, eq=False)
class SparseGroup:
    """A group whose non-zero weights are listed; fields are arguments of :func:`add_sparse`."""

    exponents_of: np.ndarray
    first: np.ndarray
    targets: np.ndarray
    codes: np.ndarray
    products: np.ndarray
    geometry: tuple[int, int, int]

    def add_to(self, potential: np.ndarray, source: np.ndarray) -> None:
        """Add all products of a map uint8 [images, rows, columns, channels]."""
        starts, events = list_events(source, self.exponents_of, source.shape[3], EXPONENTS)
        add_sparse(potential, source.shape[1:3], starts, events, self.first, self.targets,
                   self.codes, self.products, self.geometry)


def plan_group(network: Network, group: Synapses) -> DenseGroup | SparseGroup:
    """Return what adds the products of a group, fast for its density.

    A linear group is one of a 1x1 kernel on a map of one position, flattened row, column, channel.
    """
    source = network.spike_shapes[group.source]
    weight = group.weight
    if group.kind == "linear":
        by_map = weight.reshape(-1, *source).transpose(0, 2, 3, 1)
        weight, source = by_map.reshape(*weight.shape, 1, 1), Shape(weight.shape[1], 1, 1)
    first, exponents_of = _exponents(network, group.source)
    exponents = int(exponents_of.max(initial=0)) + 1
    products = np.array([_products(network, group, first + exponent)
                         for exponent in range(exponents)])
    weight = weight.transpose(1, 2, 3, 0)                           # (channels, K, K, outputs)
    geometry = group.kernel, group.stride, group.padding
    if np.count_nonzero(weight) < SPARSE_BELOW * weight.size:
        return SparseGroup(exponents_of, *_listed(weight, group, source), products, geometry)
    products = products[:network.numbers.steps_per_octave]
    if products.max() < 1 << 15:
        products = products.astype(np.int16)
    channels, codes = len(weight), _codes(weight).reshape(len(weight), -1)
    per_block = TABLE_BYTES // (exponents * codes.shape[1] * products.itemsize)
    return DenseGroup(exponents_of, codes, products, exponents, min(max(1, per_block), channels),
                      geometry)


def _exponents(network: Network, source: str) -> tuple[int, np.ndarray]:
    """Return the first exponent of a source, and int16 [256, m]: those of each value, from it on.

    −1 stands for no event.
    """
    if source == INPUT:
        exponents = network.exponents.astype(np.int16)
        is_event = exponents != NO_EVENT
        first = int(exponents[is_event].min(initial=NO_EVENT))
        return first, np.where(is_event, exponents - first, -1).astype(np.int16)
    found = np.full((256, 1), -1, np.int16)
    times = 1 if network.neuron == "lif" else network.numbers.window
    found[:times, 0] = np.arange(times)
    return 0, found


def _products(network: Network, group: Synapses, exponent: int) -> np.ndarray:
    """Return ±P of each weight code + 128, int32 [256], for a spike with an exponent."""
    numbers, found = network.numbers, np.zeros(256, np.int32)
    for code in range(1, numbers.largest_code + 1):
        product = numbers.product(
            numbers.exponent(spike=exponent, weight=code, offset=group.offset))
        found[128 + code], found[128 - code] = product, -product
    return found


def _codes(weight: np.ndarray) -> np.ndarray:
    """Return weights + 128, uint8, contiguous."""
    return (weight.astype(np.int16) + 128).astype(np.uint8)


def _listed(weight: np.ndarray, group: Synapses, source: Shape) -> tuple[np.ndarray, ...]:
    """Return ``first``, ``targets`` and ``codes`` of weights [channels, K, K, outputs]."""
    stride, outputs = group.stride, weight.shape[3]
    margin = (group.kernel - 1) // stride
    wide = (source.width - 1 + group.padding) // stride + 1 + margin
    first, targets, codes = [np.zeros(1, np.int64)], [], []
    for row_phase in range(stride):
        for column_phase in range(stride):
            part = weight[:, row_phase::stride, column_phase::stride]
            channel, row, column, output = part.nonzero()
            begin = first[-1][-1]
            first.append(begin + np.searchsorted(channel, np.arange(1, len(weight) + 1)))
            targets.append(((margin - row) * wide + margin - column) * outputs + output)
            codes.append(_codes(part[channel, row, column, output]))
    return (np.concatenate(first), np.concatenate(targets).astype(np.uint32),
            np.concatenate(codes))
