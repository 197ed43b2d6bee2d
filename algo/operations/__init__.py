"""Synaptic operations: how many additions the spikes of an image cause, exactly."""

from .counting import Operations, count_operations
from .fan_out import dense_operations, fan_out, is_identity

__all__ = ["Operations", "count_operations", "dense_operations", "fan_out", "is_identity"]
