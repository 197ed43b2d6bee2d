"""The networks that recipes train, by architecture, and the forms that they pass through."""

from .build import ARCHITECTURES, build
from .forms import FORMS, SPIKING, in_form

__all__ = ["ARCHITECTURES", "FORMS", "SPIKING", "build", "in_form"]
