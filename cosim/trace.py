"""Puts what the lanes showed while they fired back into maps."""

from pathlib import Path

import numpy as np

from hw.compiler import LayerPlan, Program

__all__ = ["unfold_trace"]


def unfold_trace(program: Program, directory: Path, images: int) -> dict[str, np.ndarray]:
    """Return ``<layer>.potential`` int32 [N, C, H, W] and ``<layer>.time`` uint8 [N, C, H', W'].

    ``directory`` has the files ``potentials`` and ``times``: int32, one row of lanes for each step,
    in the order in which the neurons are visited.
    """
    lanes = program.config.lanes
    potentials, times = (
        np.fromfile(directory / name, "<i4").reshape(images, -1, lanes)
        for name in ("potentials", "times"))
    trace, first_potential, first_time = {}, 0, 0
    for layer in program.layers:
        size = layer.neurons.height * layer.neurons.width
        steps = layer.local_channels * size
        rows = potentials[:, first_potential:first_potential + steps]
        trace[f"{layer.name}.potential"] = _maps(layer, rows, _visiting_order(layer), size).reshape(
            images, *layer.neurons)
        first_potential += steps
        if layer is not program.layers[-1]:
            spikes = program.network.spike_shapes[layer.name]
            size = spikes.height * spikes.width
            steps = layer.local_channels * size
            rows = times[:, first_time:first_time + steps]
            trace[f"{layer.name}.time"] = _maps(layer, rows, np.arange(size), size).reshape(
                images, *spikes).astype(np.uint8)
            first_time += steps
    return trace


def _visiting_order(layer: LayerPlan) -> np.ndarray:
    """Return the flat positions of a map in the order in which its neurons fire: by windows."""
    pool = layer.fields["pool"]
    y, x = np.indices((layer.neurons.height, layer.neurons.width)).reshape(2, -1)
    return np.lexsort((x, y, x // pool, y // pool))


def _maps(layer: LayerPlan, rows: np.ndarray, order: np.ndarray, size: int) -> np.ndarray:
    """Turn rows [N, local channels · positions, lanes] into maps [N, channels, positions]."""
    images, _, lanes = rows.shape
    maps = np.empty((images, layer.local_channels, lanes, size), rows.dtype)
    maps[..., order] = rows.reshape(images, layer.local_channels, size, lanes).swapaxes(2, 3)
    return maps.reshape(images, -1, size)[:, :layer.neurons.channels]
