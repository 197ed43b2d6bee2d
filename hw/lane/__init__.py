"""A lane: the weights, potentials and spikes of every L-th place, and what computes on them."""

from .lane import Lane

__all__ = ["Lane"]
