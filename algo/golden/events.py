"""The golden model driven by events: work is done only for a spike that meets a weight.

Shares no arithmetic with the reference but the tables of ``hw.numbers``, and equals it bit by bit.
"""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from hw.network import INPUT, Layer, Network, validate
from hw.numbers import NumberFormat

from .firing import fire, integrate
from .inference import Inference, Progress, check_images
from .plan import DenseGroup, SparseGroup, plan_group

__all__ = ["cores", "infer_events"]

# A thread takes so many images at once, or fewer if their largest map takes more bytes.
MOST_PER_THREAD = 128
POTENTIAL_BYTES = 64 << 20


def infer_events(network: Network, images: np.ndarray, *, trace: bool = False,
                 threads: int | None = None, progress: Progress | None = None) -> Inference:
    """Return what :func:`~algo.golden.infer` does, many times faster.

    The first call on a machine compiles for some seconds.

    Parameters
    ----------
    images
        uint8 [N, C, H, W]; ``ValueError`` if not.
    trace
        Whether to keep every potential and spike time: memory for all images at once.
    threads
        Images are divided among at most so many, by default one for each core that may be used.
        The result does not depend on it.
    progress
        Called after each part of the images, in this thread. If it raises, inference stops.

    Raises ``hw.network.NetworkError`` for a network that is not valid: compiled loops do not check
    bounds.
    """
    check_images(network, images)
    validate(network)
    threads = cores() if threads is None else threads
    if threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    plan = [[plan_group(network, group) for group in layer.synapses] for layer in network.layers]
    size = _images_at_once(network, -(-len(images) // threads))
    starts = range(0, max(len(images), 1), size)
    pool = ThreadPoolExecutor(threads)
    try:
        jobs = [pool.submit(_infer_part, network, plan, images[start:start + size], trace)
                for start in starts]
        parts = []
        for start, job in zip(starts, jobs, strict=True):
            parts.append(job.result())
            if progress:
                progress(min(start + size, len(images)), len(images), "images")
    finally:
        pool.shutdown(cancel_futures=True)
    joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    return Inference(joined.pop("scores"), joined)


def cores() -> int:
    """Return how many cores this process may use."""
    available = getattr(os, "sched_getaffinity", None)              # not on every system
    return len(available(0)) if available else os.cpu_count() or 1


def _images_at_once(network: Network, share: int) -> int:
    largest = network.steps * max(shape.size for shape in network.neuron_shapes.values())
    return max(1, min(MOST_PER_THREAD, share, POTENTIAL_BYTES // (4 * largest)))


def _infer_part(network: Network, plan: list, images: np.ndarray,
                trace: bool) -> dict[str, np.ndarray]:
    """Return ``scores``, and with ``trace`` the traces, of some images."""
    maps, found = {INPUT: np.ascontiguousarray(images.transpose(0, 2, 3, 1))}, {}
    for layer, groups in zip(network.layers, plan, strict=True):
        potential = _sums(network, layer, groups, maps)
        times = None
        if not network.is_output(layer):
            times = maps[layer.name] = _earliest(_fire(network, layer, potential), layer.pool)
        elif network.neuron == "lif":
            potential = _by_step(network, potential).cumsum(1).reshape(potential.shape)
        if trace:
            for field, values in (("potential", potential), ("time", times)):
                if values is not None:
                    found[f"{layer.name}.{field}"] = _traced(network, values)
    scores = potential.reshape(len(images), network.steps, layer.channels)[:, -1]
    return {"scores": scores.astype(np.int64), **found}


def _by_step(network: Network, values: np.ndarray) -> np.ndarray:
    """Return values [images · steps, …] as [images, steps, …]."""
    return values.reshape(len(values) // network.steps, network.steps, *values.shape[1:])


def _sums(network: Network, layer: Layer, groups: list[DenseGroup | SparseGroup],
          maps: dict[str, np.ndarray]) -> np.ndarray:
    """Return bias + Σ ±P, int32 [images · steps, rows, columns, channels]."""
    shape, images = network.neuron_shapes[layer.name], len(maps[INPUT])
    total = np.empty((images * network.steps, *shape[1:], shape.channels), np.int32)
    total[:] = layer.bias
    for synapses, group in zip(layer.synapses, groups, strict=True):
        source = maps[synapses.source]
        if synapses.kind == "linear":
            source = source.reshape(len(source), 1, 1, math.prod(source.shape[1:]))
        if len(source) == len(total):
            group.add_to(total, source)
        else:                                                       # the same at each step
            once = np.zeros((images, *total.shape[1:]), np.int32)
            group.add_to(once, source)
            total += once.repeat(network.steps, axis=0)
    return total


def _fire(network: Network, layer: Layer, potential: np.ndarray) -> np.ndarray:
    """Return spike times, uint8 like ``potential``; of ``lif``, sums become potentials in place."""
    numbers = network.numbers
    if network.neuron == "lif":
        neurons = math.prod(potential.shape[1:])
        sums = _by_step(network, potential.reshape(len(potential), neurons))
        return integrate(sums, layer.leak, layer.threshold).reshape(potential.shape)
    return fire(potential, layer.threshold_step.astype(np.int64), _thresholds(numbers),
                numbers.steps_per_octave, numbers.window)


@cache
def _thresholds(numbers: NumberFormat) -> np.ndarray:
    """Return the least integer of each level, int64, until it is above any potential."""
    levels = range(32 * numbers.steps_per_octave + 1)
    return np.array([numbers.firing_threshold(level) for level in levels])


def _earliest(times: np.ndarray, pool: int) -> np.ndarray:
    """Return the earliest spike of each ``pool`` x ``pool`` window."""
    if pool == 1:
        return times
    images, rows, columns, channels = times.shape
    rows, columns = rows // pool, columns // pool
    windows = times[:, :rows * pool, :columns * pool].reshape(
        images, rows, pool, columns, pool, channels)
    return windows.min(axis=(2, 4))


def _traced(network: Network, values: np.ndarray) -> np.ndarray:
    """Return a map as traces have it: [images, channels, rows, columns], ``lif`` with steps."""
    if network.neuron == "lif":
        values = _by_step(network, values)
    dtype = np.uint8 if values.dtype == np.uint8 else np.int32
    return np.ascontiguousarray(np.moveaxis(values, -1, -3), dtype=dtype)
