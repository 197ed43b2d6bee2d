"""Measures how long the golden model takes for a VGG-16, and prints a table.

Events and the reference in one run, of random weights and images with realistic spikes; their
scores must be equal. Seconds are those of the processor, of all threads; on idle cores an inference
takes as many less as it has threads.
"""

import sys
from resource import RUSAGE_SELF, getrusage

import numpy as np

from algo.golden import infer, infer_events
from tests.full_size.images import smooth_images
from tests.full_size.networks import vgg16

HEAD = ("golden model", "images", "events ms / image", "reference ms / image", "ratio",
        "10,000 images by events, s")
DENSITIES = (1.0, 0.1, 0.03)
THREADS = 2
SEED = 11
IMAGES = 512
# The reference makes its matrices anew for each call: two calls tell what an image takes.
REFERENCE_IMAGES = (8, 24)


def main() -> int:
    for row in (HEAD, ["---"] * len(HEAD), *map(measure, DENSITIES)):
        print("| " + " | ".join(row) + " |", flush=True)
    return 0


def measure(density: float) -> list[str]:
    """Return one row of the table."""
    network = vgg16(density)
    images = smooth_images(SEED, IMAGES, tuple(network.input_shape))
    few, many = REFERENCE_IMAGES
    infer_events(network, images[:1])                               # compiled
    found, events = timed(lambda: infer_events(network, images, threads=THREADS))
    _, first = timed(lambda: infer(network, images[:few]))
    expected, second = timed(lambda: infer(network, images[:many]))
    if not np.array_equal(found.scores[:many], expected.scores):
        raise SystemExit(f"{network.name}: events differ from the reference")
    each, reference = events / IMAGES, (second - first) / (many - few)
    return [network.name, f"{IMAGES}", f"{1e3 * each:.1f}", f"{1e3 * reference:.0f}",
            f"{reference / each:.0f}", f"{1e4 * each:.0f}"]


def timed(work):
    """Return what ``work`` returns, and the seconds of the processor that it took."""
    before = _seconds()
    return work(), _seconds() - before


def _seconds() -> float:
    usage = getrusage(RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
