"""How long loading and an inference can take at most: beyond it, the simulation has hung."""

import numpy as np

from hw.compiler import LayerPlan, Program
from hw.network import INPUT
from hw.network.model import NO_EVENT

__all__ = ["cycle_limit", "load_limit"]

# Cycles of an instruction's fetch, taps and drains, with room to spare.
OVERHEAD = 1000
# Cycles around an event: a pixel's look-up, an empty row, a marker.
PER_EVENT = 3


def load_limit(words: np.ndarray) -> int:
    """Return a number of cycles that loading beats [beats, limbs] never exceeds.

    A beat takes one, and a packet one more for its header: half of the limit.
    """
    return 4 * len(words) + OVERHEAD


def cycle_limit(program: Program) -> int:
    """Return a number of cycles that no inference of a program exceeds.

    As if every neuron spiked, every event met all weights of its channel in the busiest lane,
    and nothing overlapped.
    """
    limit = load_limit(program.streamed_words)
    for layer in program.layers:
        limit += _integration_limit(program, layer)
        for fire in layer.fires:
            limit += OVERHEAD + fire.fields["channels"] + (
                fire.local_channels * fire.rows * layer.neurons.width)
    return 2 * limit


def _integration_limit(program: Program, layer: LayerPlan) -> int:
    per_pixel = int((program.network.exponents != NO_EVENT).sum(axis=1).max())
    limit = 0
    for group in layer.groups:
        fields = group.fields
        positions = fields["height"] * fields["width"]
        events = per_pixel if group.source == INPUT else 1
        visits = positions * fields["channels"] * (events + PER_EVENT)
        # Each entry is copied once, and met by every event of its pointer.
        repeats = events * (1 if fields["linear"] else positions)
        limit += OVERHEAD + visits + group.entries * (1 + repeats)
    return limit
