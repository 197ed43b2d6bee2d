"""Run a network on the RTL and hold it against the golden model."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from algo.golden import infer
from hw.compiler import Program, compile_network
from hw.config import Configuration
from hw.network import Network

from .compare import Divergence, Trace, divergent_images, first_divergence
from .console import progress
from .failure import CheckFailed
from .prediction import agreement
from .simulator import Simulation, SimulationError, require_counters, simulate

__all__ = ["Verification", "verify"]


@dataclass(frozen=True, eq=False)
class Verification:
    """What the golden model expects of some images and what the RTL made of them.

    Without traces the first image with wrong scores has run a second time, alone and with traces:
    ``rerun``, else ``None``. ``counting`` is what :func:`.prediction.agreement` says of the counts.
    """

    network: Network
    config: Configuration
    expected_scores: np.ndarray
    expected_trace: Trace | None
    simulation: Simulation
    counting: dict
    rerun: "Verification | None" = None

    @cached_property
    def first_divergence(self) -> Divergence | None:
        """The first neuron that differs; scores, if only those were observed."""
        names = [layer.name for layer in self.network.layers]
        found = first_divergence(names, *self._sides)
        if self.rerun is None or self.rerun.first_divergence is None:
            return found
        return replace(self.rerun.first_divergence, image=found.image)

    @property
    def bit_exact_images(self) -> int:
        """Number of images of which everything that was observed is equal."""
        return len(self.expected_scores) - len(self.divergent_images)

    @property
    def divergent_images(self) -> np.ndarray:
        """Indices of the other images, ascending."""
        return divergent_images(*self._sides)

    @property
    def _sides(self) -> tuple:
        return (self.expected_scores, self.simulation.scores, self.expected_trace,
                self.simulation.trace)


def verify(network: Network, config: Configuration, images: np.ndarray, *,
           trace: bool = False) -> Verification:
    """Infer images with the golden model and on the RTL; with ``trace`` every layer is observed.

    Raises ``CompileError`` if the network does not fit ``config``, ``ConfigurationError`` if that
    counts nothing, ``ToolchainError`` if it cannot be compiled, :class:`CheckFailed` if the RTL
    does not end as it should.
    """
    require_counters(config)
    program = compile_network(network, config)
    found = _compare(program, images, trace=trace)
    if trace or not len(found.divergent_images):
        return found
    image = found.divergent_images[0]
    return replace(found, rerun=_compare(program, images[image:image + 1], trace=True))


def _compare(program: Program, images: np.ndarray, *, trace: bool) -> Verification:
    with progress("golden") as show:
        expected = infer(program.network, images, trace=trace, progress=show)
    with progress("RTL") as show:
        try:
            simulation = simulate(program, images, trace=trace, progress=show)
        except SimulationError as error:
            raise CheckFailed(str(error)) from error
    return Verification(program.network, program.config, expected.scores,
                        expected.trace if trace else None, simulation,
                        agreement(program, images, simulation.counts))
