"""The waveform of the whole processor while it works on one layer."""

import shutil
import tempfile
from pathlib import Path

import numpy as np

from hw.compiler import compile_network
from hw.config import Configuration
from hw.network import Network

from . import toolchain
from .console import progress
from .execution import SimulationError, execute
from .failure import CheckFailed
from .images import ImageSet
from .model import build_model

__all__ = ["check_waves", "record_waves"]


def check_waves(network: Network, layer: str, image_set: ImageSet, image: int) -> None:
    """Raise ``ValueError`` unless there is such a layer and image, ``ToolchainError`` if no model
    that records waveforms can be compiled."""
    names = [layer.name for layer in network.layers]
    if layer not in names:
        raise ValueError(f"--waves must be one of {', '.join(names)}, not {layer!r}")
    if not 0 <= image < len(image_set.images):
        raise ValueError(f"--waves-image must be 0 to {len(image_set.images) - 1}, not {image}")
    toolchain.check(waves=True)


def record_waves(network: Network, config: Configuration, image: np.ndarray, layer: str,
                 path: Path, *, build_root: Path = Path("sim_build")) -> None:
    """Write every signal, in FST, from the clock edge that begins a layer to the one that ends it.

    Runs ``image``, uint8 [C, H, W], on a model of its own, up to the end of that layer. Raises
    :class:`CheckFailed` if the RTL does not get there.
    """
    program = compile_network(network, config)
    index = [layer.name for layer in network.layers].index(layer)
    with progress("waves") as show:
        show(0, 1, "building the simulation model")
        model = build_model(config, build_root, waves=True)
        run = Path(tempfile.mkdtemp(prefix="run-", dir=model.directory))
        try:
            execute(model, program, image[None], run, outputs=("readout",), progress=show,
                    waves={"waves": run / "waves.fst", "layer": index})
        except SimulationError as error:
            raise CheckFailed(str(error)) from error
    shutil.move(run / "waves.fst", path)
    shutil.rmtree(run)
