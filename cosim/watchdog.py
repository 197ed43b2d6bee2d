"""How long an inference can take at most: beyond it, the simulation has hung."""

import numpy as np

from hw.compiler import GroupPlan, Program
from hw.layout import Target
from hw.network.model import NO_EVENT

__all__ = ["cycle_limit"]

# Cycles of a layer's fetches, taps and drains, with room to spare.
OVERHEAD = 1000


def cycle_limit(program: Program) -> int:
    """Return a number of cycles that no inference of a program exceeds.

    As if every neuron spiked, every event met all weights of its channel in the busiest lane,
    and nothing overlapped.
    """
    limit = 0
    for layer in program.layers:
        limit += OVERHEAD + sum(_group_limit(program, group) for group in layer.groups)
        limit += layer.local_channels * layer.neurons.height * layer.neurons.width
        limit += layer.neurons.channels
    return 2 * limit


def _group_limit(program: Program, group: GroupPlan) -> int:
    fields = group.fields
    positions = fields["height"] * fields["width"]
    visits = positions * fields["channels"]
    per_visit = (program.network.exponents != NO_EVENT).sum(axis=1).max() if (
        fields["from_input"]) else 1
    # Each entry of the busiest lane is copied once, and met by every event of its pointer.
    entries = max(len(words) for words in program.contents[Target.WEIGHT])
    repeats = 1 if fields["linear"] else positions
    return int(np.int64(visits) * (per_visit + 2) + entries * (1 + repeats * per_visit))
