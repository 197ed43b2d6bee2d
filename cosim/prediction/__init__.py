"""The counters of the processor by calculation, cycles included, without running the RTL."""

from .counting import Counting
from .data_set import Prediction, predict

__all__ = ["Counting", "Prediction", "predict"]
