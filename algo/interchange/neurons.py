"""Neurons of NIR in discrete time, and back.

NIR's LIF is τ·dv/dt = (v_leak − v) + R·I, its spike v > v_threshold. In steps of dt, as snnTorch,
Norse and most others take them (Euler, forward): v ← (1 − dt/τ)·v + (R·dt/τ)·I. An IF adds R·I a
step, without dt, as these libraries have it. So the leak is 1 − dt/τ; and as all of a layer's
potentials may be counted in units of R·dt/τ, its threshold is v_threshold / (R·dt/τ), and weights
stay what they are.

Ours fire at their threshold, NIR's above it: the threshold is the least float32 above NIR's.
"""

import math
from typing import NamedTuple

import numpy as np

from hw.numbers import LEAK_ONE

from .refusal import InterchangeError

__all__ = ["DEFAULT_DT", "Dynamics", "dynamics", "neuron_node"]

# Seconds in a step: what snnTorch writes and reads.
DEFAULT_DT = 1e-4
# A gain this near to 1 is 1: files hold float32.
GAIN_ERROR = 1e-6


class Dynamics(NamedTuple):
    """Threshold and leak of a layer, for weights as they are in the graph."""

    threshold: float
    leak: float


def dynamics(name: str, kind: str, node, size: int, dt: float) -> Dynamics:
    """Return the dynamics of an IF or LIF node of ``size`` neurons.

    Raises :class:`InterchangeError` unless its parameters are those of one neuron, v_leak and
    v_reset are 0, the leak is 0 to 1 and the threshold is positive.
    """
    known = {key: _one(name, key, getattr(node, key), size)
             for key in ("tau", "r", "v_leak", "v_threshold", "v_reset") if hasattr(node, key)}
    for key in ("v_leak", "v_reset"):
        if known.get(key, 0) != 0:
            raise InterchangeError(f"{name}: {key} must be 0, not {known[key]:.6g}; potentials "
                                   "begin at 0 and leak towards 0, and a spike subtracts the "
                                   "threshold")
    leak, gain = 1.0, known["r"]
    if kind == "LIF":
        if known["tau"] <= 0:
            raise InterchangeError(f"{name}: tau must be positive, not {known['tau']:.6g}")
        leak, gain = 1 - dt / known["tau"], known["r"] * dt / known["tau"]
    if not -GAIN_ERROR <= leak <= 1:
        raise InterchangeError(f"{name}: the leak 1 - dt/tau must be 0 to 1, not {leak:.6g} "
                               f"(tau {known['tau']:.6g} s, dt {dt:.6g} s); give the dt of the "
                               "library that wrote the file")
    if gain <= 0 or known["v_threshold"] <= 0:
        key = "r" if gain <= 0 else "v_threshold"
        raise InterchangeError(f"{name}: {key} must be positive, not {known[key]:.6g}")
    gain = 1.0 if abs(gain - 1) < GAIN_ERROR else gain
    return Dynamics(_above(known["v_threshold"] / gain), max(0.0, leak))


def neuron_node(nir, threshold: float, leak: int, shape: tuple[int, ...], dt: float):
    """Return the node of neurons with a leak in 1/256: an IF if they do not leak.

    Its threshold is the last float32 below ours. The gain R·dt/τ is 1.
    """
    below = np.nextafter(np.float32(threshold), np.float32(0))
    of_all = {"v_threshold": np.full(shape, below), "v_reset": np.zeros(shape, np.float32)}
    if leak == LEAK_ONE:
        return nir.IF(r=np.ones(shape, np.float32), **of_all)
    r = LEAK_ONE / (LEAK_ONE - leak)
    return nir.LIF(tau=np.full(shape, dt * r, np.float32), r=np.full(shape, r, np.float32),
                   v_leak=np.zeros(shape, np.float32), **of_all)


def _one(name: str, key: str, values, size: int) -> float:
    """Return the value that all neurons have for a parameter."""
    values = np.asarray(values.detach() if hasattr(values, "detach") else values, np.float64)
    if values.size not in (1, size):
        raise InterchangeError(f"{name}: {key} must have one value, or one for each of the {size} "
                               f"neurons, not {values.size}")
    if not np.isfinite(values).all():
        raise InterchangeError(f"{name}: {key} must be finite numbers")
    low, high = float(values.min()), float(values.max())
    if not math.isclose(low, high, rel_tol=1e-6):
        raise InterchangeError(f"{name}: {key} must be the same for all neurons, as the hardware "
                               f"has one threshold and one leak a layer, not {low:.6g} to "
                               f"{high:.6g}")
    return float(values.flat[0])


def _above(threshold: float) -> float:
    """Return the least float32 above a threshold.

    >>> _above(1.0) > 1, _above(0.1) > 0.1
    (True, True)
    """
    rounded = np.float32(threshold)
    return float(rounded if rounded > threshold else np.nextafter(rounded, np.float32(np.inf)))
