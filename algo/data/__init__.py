"""Data sets, as uint8 images with fixed splits.

``digits`` is embedded; others lie in a data folder as ``NAME.npz``, as the original public files,
or as a folder of images. ``docs/data-sets.md`` is for users.
"""

from .failure import DataError
from .load import load_split, names
from .source import check_name, data_folder
from .splits import SPLITS, Split

__all__ = ["SPLITS", "DataError", "Split", "check_name", "data_folder", "load_split", "names"]
