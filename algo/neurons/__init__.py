"""Neurons as activations of PyTorch modules: fire once at a time, or leak and fire again."""

from .leaky import Leaky
from .time_coded import Clip, TimeCoded
from .whole_leaky import WholeLeaky

__all__ = ["Clip", "Leaky", "TimeCoded", "WholeLeaky"]
