"""NIR graphs run as their definitions say, in float64: the judge of reading and writing.

Euler steps of dt, spikes above the threshold, a spike subtracts it. Shares no code with the reader.
"""

import nir
import numpy as np
import torch
import torch.nn.functional as F

__all__ = ["simulate"]


def simulate(graph, image: np.ndarray, steps: int, dt: float = 1e-4):
    """Return the summed output [B, ...], and the spikes of each IF and LIF [steps, B, ...].

    ``image`` is float [B, ...], presented at each step.
    """
    sources = {name: [before for before, after in graph.edges if after == name]
               for name in graph.nodes}
    state, spikes, total = {}, {}, 0
    for _ in range(steps):
        values = {name: torch.as_tensor(image, dtype=torch.float64)
                  for name, node in graph.nodes.items() if isinstance(node, nir.Input)}
        while len(values) < len(graph.nodes):
            name = next(name for name in graph.nodes if name not in values
                        and all(source in values for source in sources[name]))
            value = sum(values[source] for source in sources[name])
            values[name] = _step(name, graph.nodes[name], value, state, dt)
            if isinstance(graph.nodes[name], nir.IF | nir.LIF):
                spikes.setdefault(name, []).append(values[name])
        total = total + next(values[name] for name, node in graph.nodes.items()
                             if isinstance(node, nir.Output))
    return total, {name: torch.stack(sent) for name, sent in spikes.items()}


def _step(name: str, node, value, state: dict, dt: float):
    match node:
        case nir.Affine() | nir.Linear():
            return F.linear(value, _floats(node.weight),
                            _floats(node.bias) if isinstance(node, nir.Affine) else None)
        case nir.Conv2d():
            return F.conv2d(value, _floats(node.weight), _floats(node.bias),
                            tuple(map(int, node.stride)), tuple(map(int, node.padding)))
        case nir.AvgPool2d() | nir.SumPool2d():
            mean = F.avg_pool2d(value, tuple(map(int, node.kernel_size)))
            return mean * (np.prod(node.kernel_size) if isinstance(node, nir.SumPool2d) else 1)
        case nir.Flatten():
            return value.flatten(1)
        case nir.LIF():
            leak, gain = 1 - dt / _floats(node.tau), _floats(node.r) * dt / _floats(node.tau)
            return _fire(name, node, leak * state.get(name, 0) + gain * value, state)
        case nir.IF():
            return _fire(name, node, state.get(name, 0) + _floats(node.r) * value, state)
    return value


def _fire(name: str, node, potential, state: dict):
    threshold = _floats(node.v_threshold)
    sent = (potential > threshold).double()
    state[name] = potential - sent * threshold
    return sent


def _floats(values):
    return torch.as_tensor(np.asarray(values, np.float64))
