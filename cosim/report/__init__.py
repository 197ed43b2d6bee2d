"""A run folder as one HTML page, for people: figures, pictures, and where each comes from."""

from .content import ContentError
from .folder import RunFolder, read_folder
from .page import render_report, write_report

__all__ = ["ContentError", "RunFolder", "read_folder", "render_report", "write_report"]
