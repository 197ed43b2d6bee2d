"""The border of a lane: in a deep pipeline there are registers between it and what lanes share."""

from amaranth import *

from ..config import Configuration
from ..pipeline import copied, delayed

__all__ = ["arriving", "events_on_their_way", "lane_lag", "leaving"]


def arriving(m: Module, config: Configuration, value, *, resets: bool = False):
    """Return what a lane sees of a shared signal: in a deep pipeline a copy, a cycle later."""
    return copied(m, value, resets=resets) if config.deep_pipeline else value


def leaving(m: Module, config: Configuration, value):
    """Return what the shared blocks see of a lane's signal: in a deep pipeline a cycle later."""
    return delayed(m, value, config.deep_pipeline)


def lane_lag(config: Configuration) -> int:
    """Cycles after which the shared blocks know the state of all lanes.

    In a deep pipeline a register at the border, and one behind what is made of all lanes'.
    """
    return 2 if config.deep_pipeline else 0


def events_on_their_way(config: Configuration) -> int:
    """Most events that are sent, in a deep pipeline, after a queue has become full.

    Those sent before it is known, and those that were being looked up.
    """
    return lane_lag(config) + 3
