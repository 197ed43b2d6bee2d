"""The least number of cycles that a number of lanes can take: the floor of DESIGN section 5.

Depends on network, image and the lane of each output channel, never on a design.
"""

from dataclasses import dataclass

import numpy as np

from hw.network import INPUT, Network, Shape, Synapses
from hw.network.model import NO_EVENT

__all__ = ["LayerFloor", "floor_cycles", "hits", "layer_floors", "multiplicity"]


@dataclass(frozen=True, eq=False)
class LayerFloor:
    """What one layer does for one image, at each ``lif`` step (``ttfs``: one step).

    Parameters
    ----------
    operations
        int64 [steps, lanes]: events that meet a stored weight whose tap falls inside the map.
    events
        int64 [steps]: spikes of which at least one tap falls inside the map.
    firing
        Neurons of the lane that has most of them, fired or read out at each step.
    """

    name: str
    operations: np.ndarray
    events: np.ndarray
    firing: int

    @property
    def cycles(self) -> int:
        """Σ over steps of max(operations / lanes, events, busiest lane) + firing."""
        lanes = self.operations.shape[1]
        even = -(-self.operations.sum(axis=1) // lanes)
        busiest = self.operations.max(axis=1)
        integrating = np.maximum(np.maximum(even, self.events), busiest)
        return int(integrating.sum()) + self.firing * len(self.events)


def floor_cycles(network: Network, image: np.ndarray, times: dict[str, np.ndarray],
                 lanes: int) -> int:
    """Return the floor of a whole image; arguments as in :func:`layer_floors`."""
    return sum(layer.cycles for layer in layer_floors(network, image, times, lanes))


def layer_floors(network: Network, image: np.ndarray, times: dict[str, np.ndarray], lanes: int,
                 lane_of: dict[str, np.ndarray] | None = None) -> list[LayerFloor]:
    """Return the floor of each layer.

    Parameters
    ----------
    image
        uint8 [C, H, W].
    times
        Of each layer that fires, its pooled spike times ``<layer>`` as in a golden trace, uint8
        [C, H, W]; ``lif``: [steps, C, H, W].
    lane_of
        Of a layer, the lane of each output channel, int [out]; by default channel mod ``lanes``.
    """
    events = {name: _steps(network, multiplicity(network, name, source))
              for name, source in {INPUT: image, **times}.items()}
    found = []
    for layer in network.layers:
        neurons = network.neuron_shapes[layer.name]
        owner = (lane_of or {}).get(layer.name, np.arange(layer.channels) % lanes)
        operations = np.zeros((network.steps, lanes), np.int64)
        sent = np.zeros(network.steps, np.int64)
        for group in layer.synapses:
            weights = (group.weight != 0).reshape(layer.channels, -1).astype(np.float64)
            for step, maps in enumerate(events[group.source]):
                met, reached = hits(group, maps, neurons)
                by_channel = np.rint(weights @ met.reshape(-1)).astype(np.int64)
                np.add.at(operations[step], owner, by_channel)
                sent[step] += reached
        channels = np.bincount(owner, minlength=lanes).max()
        found.append(LayerFloor(layer.name, operations, sent,
                                int(channels) * neurons.height * neurons.width))
    return found


def multiplicity(network: Network, source: str, values: np.ndarray) -> np.ndarray:
    """Return how many events each neuron or pixel of a source sends, int64, same shape."""
    if source == INPUT:
        return (network.exponents != NO_EVENT).sum(axis=1)[values]
    silence = 1 if network.neuron == "lif" else network.numbers.silence
    return (values != silence).astype(np.int64)


def hits(group: Synapses, maps: np.ndarray, neurons: Shape) -> tuple[np.ndarray, int]:
    """Return the events that meet each (input, tap) inside the map, and all that meet any.

    ``maps`` is int64 [C, H, W], the events that each source neuron sends; the result is
    float64 [C, K, K] (``linear``: [C·H·W]).
    """
    if group.kind == "linear":
        return maps.reshape(-1).astype(np.float64), int(maps.sum())
    rows, columns = (_meets(group, side, out) for side, out in
                     zip(maps.shape[1:], neurons[1:], strict=True))
    met = np.einsum("cyx,yi,xj->cij", maps.astype(np.float64), rows, columns, optimize=True)
    reached = maps[:, rows.any(axis=1)][:, :, columns.any(axis=1)]
    return met, int(reached.sum())


def _meets(group: Synapses, side: int, out: int) -> np.ndarray:
    """Return in one direction whether a position meets a tap inside the map, bool [side, K]."""
    reach = np.arange(side)[:, None] + group.padding - np.arange(group.kernel)
    return (reach % group.stride == 0) & (reach >= 0) & (reach < out * group.stride)


def _steps(network: Network, events: np.ndarray) -> np.ndarray:
    """Return events with a leading axis of steps; the input repeats at each."""
    if events.ndim == 4:
        return events
    return np.broadcast_to(events, (network.steps, *events.shape))
