"""The networks that recipes train, by architecture, and the forms that they pass through."""

from .build import ARCHITECTURES, build
from .forms import FORMS, LEAKY_FORMS, NORMS, SPIKING, forms_up_to, in_form

__all__ = ["ARCHITECTURES", "FORMS", "LEAKY_FORMS", "NORMS", "SPIKING", "build", "forms_up_to",
           "in_form"]
