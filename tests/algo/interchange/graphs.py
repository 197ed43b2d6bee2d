"""Small NIR graphs, made by hand."""

from itertools import pairwise

import nir
import numpy as np

__all__ = ["affine", "chain", "conv", "convolutional", "lif", "perceptron"]


def affine(rng, out: int, fan_in: int):
    return nir.Affine(weight=rng.normal(0, 1.2 / fan_in ** 0.5, (out, fan_in)).astype(np.float32),
                      bias=rng.normal(0, 0.1, out).astype(np.float32))


def conv(rng, out: int, fan_in: int, *, kernel: int = 3, padding=1, **other):
    scale = 1.2 / (fan_in * kernel ** 2) ** 0.5
    options = {"stride": 1, "dilation": 1, "groups": 1} | other
    return nir.Conv2d(input_shape=None, padding=padding, **options,
                      weight=rng.normal(0, scale, (out, fan_in, kernel, kernel)).astype(np.float32),
                      bias=rng.normal(0, 0.1, out).astype(np.float32))


def lif(*shape: int, tau: float = 5e-4, r: float = 5.0, v_threshold: float = 0.4, v_leak=0.0,
        v_reset=0.0):
    """Return an LIF node; by default its leak is 0.8 and its gain 1."""
    values = {"tau": tau, "r": r, "v_threshold": v_threshold, "v_leak": v_leak, "v_reset": v_reset}
    return nir.LIF(**{key: np.full(shape, value) for key, value in values.items()})


def chain(shape: tuple[int, ...], *nodes, out: int = 4):
    """Return the graph of nodes one after the other, named n0, n1, …"""
    named = {"input": nir.Input(np.array(shape)),
             **{f"n{index}": node for index, node in enumerate(nodes)},
             "output": nir.Output(np.array([out]))}
    names = list(named)
    return nir.NIRGraph(named, list(pairwise(names)), type_check=False)


def perceptron(seed: int = 0, neurons=lif):
    rng = np.random.default_rng(seed)
    return chain((12,), affine(rng, 9, 12), neurons(9), affine(rng, 8, 9), neurons(8),
                 affine(rng, 4, 8))


def convolutional(seed: int, *, before, behind, side: int = 8):
    """Return conv, ``before``, neurons, ``behind``, conv, neurons, Flatten, affine."""
    rng = np.random.default_rng(seed)
    maps = [side // 2 if before else side]
    maps.append(maps[0] // 2 if behind else maps[0])
    nodes = [conv(rng, 3, 2), *before, lif(3, maps[0], maps[0]), *behind, conv(rng, 5, 3),
             lif(5, maps[1], maps[1]), nir.Flatten(None, start_dim=0, end_dim=-1),
             affine(rng, 4, 5 * maps[1] ** 2)]
    return chain((2, side, side), *nodes)
