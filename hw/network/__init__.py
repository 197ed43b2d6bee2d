"""The network that travels from training to hardware, and the file it travels in.

Imports numpy, safetensors and ``hw.numbers``, nothing else.
"""

from .file import fingerprint, load_network, save_network
from .model import INPUT, Layer, Network, NetworkError, Shape, Synapses
from .validation import potential_bound, validate
from .whole_file import write_whole

__all__ = ["INPUT", "Layer", "Network", "NetworkError", "Shape", "Synapses", "fingerprint",
           "load_network", "potential_bound", "save_network", "validate",
           "write_whole"]
