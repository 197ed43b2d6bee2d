"""Runs of several networks and processors side by side, and which of them none beats."""

from .design import MEASURES, Design, read_designs
from .front import fronts_of
from .warning import warnings_of

__all__ = ["MEASURES", "Design", "fronts_of", "read_designs", "warnings_of"]
