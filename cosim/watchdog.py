"""How long loading and an inference can take at most: beyond it, the simulation has hung."""

import numpy as np

from hw.compiler import LayerPlan, Program
from hw.network import INPUT, Layer, Synapses
from hw.network.model import NO_EVENT

__all__ = ["cycle_limit", "load_limit", "streamed_words"]

# Cycles of a synapse group's and a layer's fetches, taps and drains, with room to spare.
OVERHEAD = 1000
# Cycles around an event and a pointer: a pixel's look-up, a gap's entry, the end of a row.
PER_EVENT, PER_POINTER = 3, 4


def streamed_words(program: Program) -> np.ndarray:
    """Return the words that are streamed during each inference."""
    return getattr(program, "streamed_words", np.empty((0, 1), np.uint32))


def load_limit(words: np.ndarray) -> int:
    """Return a number of cycles that loading never exceeds: one for each bit, and some."""
    return 32 * words.size + OVERHEAD


def cycle_limit(program: Program) -> int:
    """Return a number of cycles that no inference of a program exceeds.

    As if every neuron spiked, every event met all weights of its channel in the busiest lane,
    and nothing overlapped.
    """
    limit = load_limit(streamed_words(program))
    for layer, plan in zip(program.network.layers, program.layers, strict=True):
        limit += OVERHEAD + _integration_limit(program, layer, plan)
        neurons = plan.local_channels * plan.neurons.height * plan.neurons.width
        limit += program.network.steps * (OVERHEAD + neurons + plan.neurons.channels)
    return 2 * limit


def _integration_limit(program: Program, layer: Layer, plan: LayerPlan) -> int:
    per_pixel = int((program.network.exponents != NO_EVENT).sum(axis=1).max())
    entries = {}
    for group in layer.synapses:
        entries[group.source] = entries.get(group.source, 0) + _busiest_lane(
            program, group, plan.local_channels)
    limit = 0
    for group in plan.groups:
        fields = group.fields
        positions = fields["height"] * fields["width"]
        events = per_pixel if group.source == INPUT else 1
        visits = positions * fields["channels"] * (events + PER_EVENT)
        # Each entry is copied once, and met by every event of its pointer.
        repeats = events * (1 if fields["linear"] else positions)
        limit += OVERHEAD + visits + entries[group.source] * (1 + repeats)
    return limit


def _busiest_lane(program: Program, group: Synapses, local_channels: int) -> int:
    """Return how many entries a lane can have of a synapse group, whichever channels it owns."""
    weights = np.count_nonzero(group.weight.reshape(len(group.weight), -1), axis=1)
    taps = group.kernel ** 2
    inputs = group.weight[0].size // taps
    bridges = (taps * 2 * local_channels) >> program.config.skip_bits
    return int(np.sort(weights)[-local_channels:].sum()) + inputs * (bridges + PER_POINTER)
