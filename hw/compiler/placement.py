"""Which output channel goes to which place, for every layer of a network."""

import numpy as np

from ..config import Configuration
from ..network import INPUT, Network, Shape
from .balance import channel_order

__all__ = ["channel_orders", "scan_order"]


def channel_orders(network: Network, config: Configuration) -> dict[str, np.ndarray]:
    """Return for every map the channel that each place holds; place p lies in lane p mod L.

    Chosen so that lanes have equally much to do in each block of input channels. Pixels and
    scores keep their order.
    """
    orders = {INPUT: np.arange(network.input_shape.channels)}
    for layer in network.layers:
        orders[layer.name] = np.arange(layer.channels)
        if network.is_output(layer) or layer.channels <= config.lanes:
            continue
        counts = []
        for group in layer.synapses:
            source = network.spike_shapes[group.source]
            stored = (group.weight != 0).reshape(layer.channels, source.channels, -1).sum(axis=2)
            counts.append(stored[:, orders[group.source]])
        orders[layer.name] = channel_order(np.concatenate(counts, axis=1), config.lanes,
                                           config.lanes)
    return orders


def scan_order(source: Shape, order: np.ndarray, lanes: int) -> np.ndarray:
    """Return the flat indices (C,H,W) of a map in the order in which the dispatcher meets them."""
    index = np.arange(source.size).reshape(source.channels, -1)[order]
    return np.concatenate([index[first:first + lanes].T.reshape(-1)
                           for first in range(0, source.channels, lanes)])
