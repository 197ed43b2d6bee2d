"""Interchange with other spiking libraries: NIR graphs of leaky integrate-and-fire networks."""

from .imported import Imported
from .integers import to_network
from .reading import read_nir
from .refusal import InterchangeError
from .writing import write_nir

__all__ = ["Imported", "InterchangeError", "read_nir", "to_network", "write_nir"]
