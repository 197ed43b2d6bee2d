"""When neurons fire, for pictures: spike times of each layer, and one image in detail."""

from pathlib import Path

import numpy as np

from algo.golden import infer_events
from hw.network import Network

from .console import Progress

__all__ = ["ACTIVITY", "IMAGE", "MOST_IMAGES", "NEURONS", "SCORES", "activity_of", "histogram_of",
           "raster_of", "write_activity"]

ACTIVITY = "activity.npz"
# Keys of the first image, and of its scores.
IMAGE, SCORES = "image", "scores"
# Images whose spikes are looked at, how many of them at once, and neurons of a layer in a raster.
MOST_IMAGES, IMAGES_AT_ONCE, NEURONS = 1000, 32, 48


def activity_of(network: Network, images: np.ndarray, *,
                progress: Progress | None = None) -> dict[str, np.ndarray]:
    """Return spike times of the first ``MOST_IMAGES`` images, by the golden model, as arrays.

    Everything is after pooling, as the next layer sees it. Of each layer but the last:
    ``<layer>.histogram`` int64 [T + 1], neurons that fire at each step, over all these images,
    then those that stay silent; ``<layer>.raster`` uint8 [k], spike times (T for silence) of
    ``NEURONS`` neurons spread evenly over the map, or of all there are, on the first image. Of
    ``lif`` the steps are the N that the network repeats, a neuron may fire at several, and the
    raster is [steps, k], 0 for a spike and 1 for none. ``image`` uint8 [C, H, W] and ``scores``
    int64 [classes] are those of the first image, and ``images`` int64 is their number.
    """
    images = images[:MOST_IMAGES]
    names = [layer.name for layer in network.layers[:-1]]
    found = {}
    for first in range(0, len(images), IMAGES_AT_ONCE):
        some = images[first:first + IMAGES_AT_ONCE]
        inference = infer_events(network, some, trace=True)
        if not first:
            found |= {IMAGE: some[0], SCORES: inference.scores[0]}
            found |= {f"{name}.raster": raster_of(inference.trace[f"{name}.time"][0], network)
                      for name in names}
        for name in names:
            key = f"{name}.histogram"
            found[key] = (found.get(key, 0)
                          + histogram_of(inference.trace[f"{name}.time"], network))
        if progress:
            progress(first + len(some), len(images), "images")
    return found | {"images": np.array(len(images))}


def histogram_of(times: np.ndarray, network: Network) -> np.ndarray:
    """Return how many neurons fire at each step, then how many never do, int64.

    ``times`` are those of a trace: [N, C, H, W], ``lif``: [N, steps, C, H, W].
    """
    if network.neuron == "ttfs":
        return np.bincount(times.ravel(), minlength=network.numbers.window + 1)
    fired = times == 0
    at_each = fired.sum(axis=(0, 2, 3, 4))
    return np.append(at_each, (~fired.any(axis=1)).sum())


def raster_of(times: np.ndarray, network: Network) -> np.ndarray:
    """Return the times [(steps,) k] of some neurons of one image's map [(steps,) C, H, W]."""
    flat = times.reshape(*times.shape[:-3], -1)
    size = flat.shape[-1]
    chosen = np.linspace(0, size - 1, min(size, NEURONS)).round().astype(int)
    return flat[..., chosen]


def write_activity(directory: Path, activity: dict[str, np.ndarray]) -> None:
    """Write ``activity.npz`` into an existing folder."""
    np.savez_compressed(directory / ACTIVITY, **activity)
