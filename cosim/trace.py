"""Puts what the lanes showed while they fired back into maps."""

from pathlib import Path

import numpy as np

from hw.compiler import FirePlan, LayerPlan, Program

__all__ = ["unfold_trace"]


def unfold_trace(program: Program, directory: Path, images: int) -> dict[str, np.ndarray]:
    """Return ``<layer>.potential`` int32 [N, C, H, W] and ``<layer>.time`` uint8 [N, C, H', W'].

    Of ``lif`` networks both have an axis of steps after N, and times are 0 for a spike, else 1.
    ``directory`` has the files ``potentials`` and ``times``: int32, one row of lanes for each cycle
    with a neuron, in the order in which the neurons are visited.
    """
    lanes, network = program.config.lanes, program.network
    potentials, times = (
        np.fromfile(directory / name, "<i4").reshape(images, -1, lanes)
        for name in ("potentials", "times"))
    trace = {}
    for layer in program.layers:
        spikes = network.spike_shapes[layer.name]
        pool = layer.fires[0].fields["pool"]
        maps = _empty_maps(program, layer, layer.neurons, images)
        spike_maps = _empty_maps(program, layer, spikes, images)
        for fire in layer.fires:
            rows = slice(fire.first_row, fire.first_row + fire.rows)
            potentials = _place(maps, fire, rows, _visiting_order(fire, layer, pool), potentials)
            if fire.fields["writes"]:
                rows = slice(fire.first_row // pool, fire.first_row // pool + fire.rows // pool)
                size = fire.rows // pool * spikes.width
                times = _place(spike_maps, fire, rows, np.arange(size), times)
        trace[f"{layer.name}.potential"] = _ordered(program, layer, maps)
        if layer is not program.layers[-1]:
            found = _ordered(program, layer, spike_maps).astype(np.uint8)
            trace[f"{layer.name}.time"] = (
                found if network.neuron == "ttfs" else np.minimum(found, 1))
    return trace


def _empty_maps(program: Program, layer: LayerPlan, shape, images: int) -> np.ndarray:
    """Return room for values [N, steps, local channels, lanes, H, W]."""
    lanes = program.config.lanes
    local_channels = -(-shape.channels // lanes)
    return np.empty((images, program.network.steps, local_channels, lanes, *shape[1:]), np.int32)


def _place(maps: np.ndarray, fire: FirePlan, rows: slice, order: np.ndarray,
           values: np.ndarray) -> np.ndarray:
    """Put the first values [N, n, lanes] into maps; return the rest."""
    images, _, lanes = values.shape
    count = fire.local_channels * len(order)
    own = values[:, :count].reshape(images, fire.local_channels, len(order), lanes)
    area = np.empty((images, fire.local_channels, lanes, len(order)), np.int32)
    area[..., order] = own.swapaxes(2, 3)
    locals_ = slice(fire.first_local, fire.first_local + fire.local_channels)
    part = maps[:, fire.step, locals_, :, rows]
    part[...] = area.reshape(part.shape)
    return values[:, count:]


def _visiting_order(fire: FirePlan, layer: LayerPlan, pool: int) -> np.ndarray:
    """Return the flat positions of rows of a map in the order in which they fire: by windows."""
    y, x = np.indices((fire.rows, layer.neurons.width)).reshape(2, -1)
    return np.lexsort((x, y, x // pool, y // pool))


def _ordered(program: Program, layer: LayerPlan, maps: np.ndarray) -> np.ndarray:
    """Return maps [N, (steps,) C, H, W] with channels where the network has them."""
    images, steps, _, _, height, width = maps.shape
    places = maps.reshape(images, steps, -1, height, width)[:, :, :len(layer.order)]
    found = np.empty_like(places)
    found[:, :, layer.order] = places
    return found if program.network.neuron == "lif" else found[:, 0]
