"""Golden model: exact integer inference of a network, equal bit by bit to its definitions."""

from .events import cores, infer_events
from .inference import Inference, check_images
from .reference import infer

__all__ = ["Inference", "check_images", "cores", "infer", "infer_events"]
