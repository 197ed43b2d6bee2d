"""The counters of the processor by calculation, cycles included, without running the RTL."""

from .agreement import agreement
from .counting import Counting
from .data_set import Prediction, predict, predict_in_parts
from .result import PREDICTION, PREDICTION_FILES, prediction_result, write_prediction

__all__ = ["PREDICTION", "PREDICTION_FILES", "Counting", "Prediction", "agreement", "predict",
           "predict_in_parts", "prediction_result", "write_prediction"]
