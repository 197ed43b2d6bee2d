"""What a lane does in each cycle of a run."""

from collections.abc import Sequence

import numpy as np

from hw.compiler import LayerPlan
from hw.config import Configuration
from hw.lane.lane import Activity, fire_latency

from .record import PortRecord

__all__ = ["OUTSIDE", "STATES", "phase_of", "phases_of"]

# Reset, loading, and the readout of counters; any layer's phases come after it.
OUTSIDE = 0
# Adds a product to a potential; integrates without that: waits for weights, for events, or for
# another lane; fires, or reads out, a neuron.
STATES = ("adding", "waiting", "firing")


def phase_of(layer: int, state: str) -> int:
    """Return the number of a phase."""
    return 1 + layer * len(STATES) + STATES.index(state)


def phases_of(record: PortRecord, layers: Sequence[LayerPlan], config: Configuration) -> np.ndarray:
    """Return the phase of each cycle of a lane's record, int64.

    A layer begins with its first INTEGRATE instruction; an inference ends when its last neuron has
    gone through the pipeline.
    """
    layer_of = np.concatenate([np.full(len(layer.groups), index)
                               for index, layer in enumerate(layers)])
    begun = np.cumsum(record.bit("begin"))
    place = (begun - 1) % len(layer_of)
    adds = record.bit("activity", Activity(config)["operation"].offset)
    fires = record.bit("neuron_valid")
    state = np.select([adds, fires], [STATES.index("adding"), STATES.index("firing")],
                      STATES.index("waiting"))
    phase = 1 + layer_of[place] * len(STATES) + state
    cycle = np.arange(len(phase))
    last_visit = np.full(begun[-1] + 1, -1)                 # between two begins
    np.maximum.at(last_visit, begun[fires], cycle[fires])
    visit = last_visit[begun]
    ended = (place == len(layer_of) - 1) & (visit >= 0) & (cycle > visit + fire_latency(config))
    phase[(begun == 0) | ended] = OUTSIDE
    return phase
