"""The JSON description of a network and its tensors, to and from :class:`Network`."""

from dataclasses import asdict, fields

import numpy as np

from ..numbers import NumberFormat
from .model import Layer, Network, NetworkError, Shape, Synapses

__all__ = ["describe", "network_from"]

FORMAT, VERSION = "firstspike-network", 1
REQUIRED = object()
EXPONENTS = "input.exponents"


def describe(network: Network) -> tuple[dict, dict[str, np.ndarray]]:
    """Return the JSON description and the tensors of a valid network."""
    tensors = {EXPONENTS: network.exponents}
    for layer in network.layers:
        tensors |= _layer_tensors(network, layer)
    return {
        "format": FORMAT, "version": VERSION, "name": network.name,
        "numbers": asdict(network.numbers), "neuron": network.neuron, "steps": network.steps,
        "input": {"shape": list(network.input_shape), "coding": network.coding},
        "classes": list(network.classes),
        "layers": [_describe_layer(layer) for layer in network.layers],
        "provenance": network.provenance}, tensors


def _describe_layer(layer: Layer) -> dict:
    groups = []
    for group in layer.synapses:
        entry = {"from": group.source, "kind": group.kind}
        if group.kind == "conv":
            entry |= {"kernel": group.kernel, "stride": group.stride, "padding": group.padding}
        groups.append(entry | {"offset": group.offset})
    return {"name": layer.name, "pool": layer.pool, "synapses": groups}


def _layer_tensors(network: Network, layer: Layer) -> dict[str, np.ndarray]:
    tensors = {f"{layer.name}.weight.{index}": group.weight
               for index, group in enumerate(layer.synapses)}
    tensors[f"{layer.name}.bias"] = layer.bias
    if network.neuron == "ttfs":
        step = layer.threshold_step
        tensors[f"{layer.name}.threshold_step"] = (
            np.zeros(layer.channels, np.int16) if step is None else step)
    elif not network.is_output(layer):
        tensors[f"{layer.name}.threshold"] = np.array([layer.threshold], np.int32)
        tensors[f"{layer.name}.leak"] = np.array([layer.leak], np.int16)
    return tensors


class _Reader:
    """Takes the keys of one JSON object; complains of wrong types and of keys left over."""

    def __init__(self, value, where: str):
        if not isinstance(value, dict):
            raise NetworkError(f"{where} must be an object, not {value!r:.40}")
        self._left, self._where = dict(value), where

    def take(self, key: str, kind: type, default=REQUIRED):
        value = self._left.pop(key, default)
        if value is REQUIRED:
            raise NetworkError(f"{self._where}: {key} is missing")
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise NetworkError(
                f"{self._where}: {key} must be of type {kind.__name__}, not {value!r:.40}")
        return value

    def finish(self):
        if self._left:
            raise NetworkError(f"{self._where}: unknown key {sorted(self._left)[0]!r}")


def network_from(description: dict, tensors: dict[str, np.ndarray]) -> Network:
    """Return the network that a description and its tensors stand for.

    Only types are checked here, ``validate`` has the rules. Raises :class:`NetworkError`.
    """
    reader, tensors = _Reader(description, "description"), dict(tensors)
    identity = reader.take("format", str), reader.take("version", int)
    if identity != (FORMAT, VERSION):
        raise NetworkError(f"format must be {FORMAT} version {VERSION}, not "
                           f"{identity[0]} version {identity[1]}")
    neuron = reader.take("neuron", str, "ttfs")
    image = _Reader(reader.take("input", dict), "input")
    layers = reader.take("layers", list)
    network = Network(
        name=reader.take("name", str),
        numbers=_numbers(reader.take("numbers", dict)),
        neuron=neuron,
        steps=reader.take("steps", int, 1),
        input_shape=Shape(*_integers(image.take("shape", list), 3, "input.shape")),
        coding=image.take("coding", str, "custom"),
        exponents=tensors.pop(EXPONENTS, None),
        layers=tuple(_layer(entry, f"layer {index}", tensors, neuron, index + 1 == len(layers))
                     for index, entry in enumerate(layers)),
        classes=tuple(_strings(reader.take("classes", list, []))),
        provenance=reader.take("provenance", dict, {}))
    image.finish()
    reader.finish()
    if tensors:
        raise NetworkError(f"tensor {sorted(tensors)[0]!r:.80} belongs to no layer")
    return network


def _numbers(entry: dict) -> NumberFormat:
    known = {field.name for field in fields(NumberFormat)}
    for key in sorted(set(entry) - known):
        raise NetworkError(f"numbers: unknown key {key!r}")
    try:
        return NumberFormat(**entry)
    except ValueError as error:
        raise NetworkError(f"numbers: {error}") from None


def _integers(values: list, count: int, where: str) -> list[int]:
    if len(values) != count or any(type(value) is not int for value in values):
        raise NetworkError(f"{where} must be {count} integers, not {values!r:.60}")
    return values


def _strings(values: list) -> list[str]:
    for value in values:
        if not isinstance(value, str):
            raise NetworkError(f"classes must be strings, not {value!r:.40}")
    return values


def _layer(entry, where: str, tensors: dict, neuron: str, is_output: bool) -> Layer:
    reader = _Reader(entry, where)
    name = reader.take("name", str)
    groups = reader.take("synapses", list)
    pool = reader.take("pool", int, 1)
    reader.finish()
    synapses = tuple(
        _synapses(group, f"layer {name}: synapses {index}",
                  tensors.pop(f"{name}.weight.{index}", None))
        for index, group in enumerate(groups))
    bias = tensors.pop(f"{name}.bias", None)
    step = tensors.pop(f"{name}.threshold_step", None) if neuron == "ttfs" else None
    scalars = {}
    if neuron == "lif":
        scalars = {key: _scalar(name, key, dtype, tensors.pop(f"{name}.{key}", None))
                   for key, dtype in (("threshold", np.int32), ("leak", np.int16))}
    if is_output:
        # What fires plays no part here; it must look as anywhere else.
        _check_unused_step(name, step, bias)
        step, scalars = None, {}
    return Layer(name=name, synapses=synapses, bias=bias, pool=pool, threshold_step=step, **scalars)


def _check_unused_step(layer: str, step: np.ndarray | None, bias: np.ndarray | None) -> None:
    if step is None or bias is None:
        return
    if step.dtype != np.int16 or step.shape != bias.shape:
        raise NetworkError(f"layer {layer}: threshold_step must be int16 {list(bias.shape)}, not "
                           f"{step.dtype} {list(step.shape)}")


def _scalar(layer: str, key: str, dtype: type, tensor: np.ndarray | None) -> int | None:
    if tensor is None:
        return None
    if tensor.dtype != dtype or tensor.shape != (1,):
        raise NetworkError(f"layer {layer}: {key} must be {np.dtype(dtype)} [1], not "
                           f"{tensor.dtype} {list(tensor.shape)}")
    return int(tensor[0])


def _synapses(entry, where: str, weight: np.ndarray | None) -> Synapses:
    reader = _Reader(entry, where)
    source, kind = reader.take("from", str), reader.take("kind", str)
    offset = reader.take("offset", int, 0)
    geometry = {}
    if kind == "conv":
        kernel = reader.take("kernel", int)
        geometry = {"stride": reader.take("stride", int, 1),
                    "padding": reader.take("padding", int, 0)}
        if weight is not None and weight.shape[2:] != (kernel, kernel):
            raise NetworkError(f"{where}: kernel must be that of the weights "
                               f"({list(weight.shape)}), not {kernel}")
    reader.finish()
    return Synapses(source=source, kind=kind, weight=weight, offset=offset, **geometry)
