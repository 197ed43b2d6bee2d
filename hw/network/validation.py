"""The rules that a network obeys before any side of firstspike touches it."""

from itertools import pairwise

import numpy as np

from ..numbers import LEAK_ONE, MAX_OFFSET, MAX_STEPS
from .model import INPUT, NO_EVENT, Layer, Network, NetworkError, Shape, Synapses

__all__ = ["potential_bound", "validate"]

MAX_KERNEL = 7
MAX_EVENTS_PER_PIXEL = 8
# More neurons in one map than any network has; keeps a corrupt file from exhausting memory.
MAX_MAP_SIZE = 1 << 26


def validate(network: Network) -> None:
    """Raise :class:`NetworkError` that names layer, field and value if a rule is broken."""
    _check_header(network)
    _check_exponents(network.exponents)
    spikes = {INPUT: network.input_shape}
    for layer in network.layers:
        try:
            spikes[layer.name] = _check_layer(network, layer, spikes)
        except NetworkError as error:
            raise NetworkError(f"layer {layer.name}: {error}") from None
    if network.classes and len(network.classes) != network.layers[-1].channels:
        raise NetworkError(f"classes must be {network.layers[-1].channels} names, one for each "
                           f"output, not {len(network.classes)}")
    for layer in network.layers:
        _check_overflow(network, layer)


def _require(condition, rule: str, value) -> None:
    if not condition:
        raise NetworkError(f"{rule}, not {value}")


def _require_tensor(name: str, tensor, dtype: str, shape: tuple[int, ...]) -> None:
    if not isinstance(tensor, np.ndarray):
        raise NetworkError(f"{name} is missing")
    _require(tensor.dtype == dtype, f"{name} must be {dtype}", tensor.dtype)
    _require(tensor.shape == shape, f"{name} must have shape {list(shape)}", list(tensor.shape))


def _check_header(network: Network) -> None:
    _require(network.neuron in ("ttfs", "lif"), "neuron must be ttfs or lif", network.neuron)
    most = MAX_STEPS if network.neuron == "lif" else 1
    _require(1 <= network.steps <= most, f"steps of a {network.neuron} network must be 1 to {most}",
             network.steps)
    _require(len(network.input_shape) == 3 and min(network.input_shape) >= 1
             and network.input_shape.size <= MAX_MAP_SIZE,
             "input.shape must be three positive sizes of at most 2^26 pixels",
             list(network.input_shape))
    for name in (network.name, network.coding, *network.classes):
        _require(name.isprintable(), "names must be printable", repr(name))
    _require(network.layers, "layers must be a list of at least one layer", "empty")
    names = [layer.name for layer in network.layers]
    for name in names:
        _require(name and name.isprintable() and name == name.strip() and name != INPUT,
                 "a layer's name must be printable, without blanks at its ends, and not 'input'",
                 repr(name))
    for before, name in pairwise(sorted(names)):
        _require(before != name, "names of layers must be unique", f"{name} twice")


def _check_exponents(exponents: np.ndarray) -> None:
    name = "input.exponents"
    if not isinstance(exponents, np.ndarray):
        raise NetworkError(f"{name} is missing")
    _require(exponents.dtype == np.uint8, f"{name} must be uint8", exponents.dtype)
    _require(exponents.ndim == 2 and len(exponents) == 256
             and 1 <= exponents.shape[1] <= MAX_EVENTS_PER_PIXEL,
             f"{name} must have shape [256, 1 to {MAX_EVENTS_PER_PIXEL}]", list(exponents.shape))
    wrong = exponents[(exponents >= 128) & (exponents != NO_EVENT)]
    _require(not wrong.size, f"{name} must be below 128, or {NO_EVENT}", wrong[:1])


def _check_layer(network: Network, layer: Layer, spikes: dict[str, Shape]) -> Shape:
    _require(layer.synapses, "synapses must be a list of at least one group", "empty")
    neurons = None
    for index, group in enumerate(layer.synapses):
        shape = _check_synapses(network, index, group, spikes)
        _require(neurons in (None, shape), f"synapses {index} must yield the map {neurons}", shape)
        neurons = shape
    _require_tensor("bias", layer.bias, "int32", (neurons.channels,))
    _require(layer.pool >= 1, "pool must be at least 1", layer.pool)
    pooled = Shape(neurons.channels, neurons.height // layer.pool, neurons.width // layer.pool)
    _require(min(pooled) >= 1, f"pool {layer.pool} must leave a map", f"{pooled} from {neurons}")
    if network.is_output(layer):
        _require(layer.pool == 1, "pool of the output layer must be 1", layer.pool)
        _require(neurons[1:] == (1, 1), "the map of the output layer must be 1x1",
                 f"{neurons.height}x{neurons.width}")
    elif network.neuron == "ttfs":
        _require_tensor("threshold_step", layer.threshold_step, "int16", (neurons.channels,))
    else:
        _check_leaky(layer)
    return pooled


def _check_leaky(layer: Layer) -> None:
    _require(layer.threshold is not None and layer.threshold > 0, "threshold must be positive",
             layer.threshold)
    _require(layer.leak is not None and 0 <= layer.leak <= LEAK_ONE,
             f"leak must be 0 to {LEAK_ONE}", layer.leak)


def _check_synapses(network: Network, index: int, group: Synapses,
                    spikes: dict[str, Shape]) -> Shape:
    name = f"weight.{index}"
    _require(group.source in spikes, f"synapses {index}: from must name the input or an earlier "
             "layer", repr(group.source))
    source = spikes[group.source]
    _require(group.kind in ("conv", "linear"), f"synapses {index}: kind must be conv or linear",
             repr(group.kind))
    _require(0 <= group.offset <= MAX_OFFSET, f"synapses {index}: offset must be 0 to {MAX_OFFSET}",
             group.offset)
    if not isinstance(group.weight, np.ndarray):
        raise NetworkError(f"{name} is missing")
    rank = 4 if group.kind == "conv" else 2
    _require(group.weight.ndim == rank and len(group.weight) >= 1,
             f"{name} must have {rank} dimensions and at least one output",
             list(group.weight.shape))
    out, side = len(group.weight), group.weight.shape[-1]
    if group.kind == "conv":
        _require_tensor(name, group.weight, "int8", (out, source.channels, side, side))
        _require(1 <= side <= MAX_KERNEL, f"synapses {index}: kernel must be 1 to {MAX_KERNEL}",
                 side)
        _require(group.stride in (1, 2), f"synapses {index}: stride must be 1 or 2", group.stride)
        _require(0 <= group.padding < side, f"synapses {index}: padding must be below the kernel "
                 f"({side})", group.padding)
    else:
        _require_tensor(name, group.weight, "int8", (out, source.size))
    largest = network.numbers.largest_code
    magnitude = int(np.abs(group.weight.astype(np.int16)).max(initial=0))
    _require(magnitude <= largest, f"{name} must be codes of at most ±{largest} "
             f"({network.numbers.weight_bits} bits)", magnitude)
    shape = group.output_shape(source)
    _require(min(shape) >= 1 and shape.size <= MAX_MAP_SIZE,
             f"synapses {index} must yield a map of 1 to 2^26 neurons", shape)
    return shape


def potential_bound(network: Network, layer: Layer) -> np.ndarray:
    """Return the largest magnitude that each channel's potential can reach, int64 [out].

    The bound of DESIGN section 2: bias plus, for each weight, the most that one source neuron can
    add; for ``lif`` iterated over the steps with the leak.
    """
    once = np.abs(layer.bias.astype(np.int64))
    for group in layer.synapses:
        most = _most_by_code(network, group)
        once += most[np.abs(group.weight.astype(np.int16))].reshape(len(once), -1).sum(axis=1)
    if network.neuron == "ttfs":
        return once
    if network.is_output(layer):
        return network.steps * once
    bound = np.zeros_like(once)
    for _ in range(network.steps):
        bound = -(-layer.leak * bound // LEAK_ONE) + once
    return bound


def _most_by_code(network: Network, group: Synapses) -> np.ndarray:
    """Return the most that one source neuron adds through each magnitude of weight code."""
    numbers = network.numbers
    if group.source == INPUT:
        events = {tuple(int(e) for e in row if e != NO_EVENT) for row in network.exponents}
    else:
        events = {(0,)}
    most = [0]
    for code in range(1, numbers.largest_code + 1):
        most.append(max(
            sum(numbers.product(numbers.exponent(spike=e, weight=code, offset=group.offset))
                for e in row)
            for row in events))
    return np.array(most, dtype=np.int64)


def _check_overflow(network: Network, layer: Layer) -> None:
    bound, limit = potential_bound(network, layer), network.numbers.potential_max
    channel = int(bound.argmax())
    if bound[channel] > limit:
        raise NetworkError(
            f"layer {layer.name}: channel {channel} may reach a potential of {bound[channel]}, "
            f"more than {limit} (potential_bits {network.numbers.potential_bits})")
