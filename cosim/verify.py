"""Run a network on the RTL and hold it against the golden model."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from algo.golden import infer
from hw.compiler import compile_network
from hw.config import Configuration
from hw.network import Network

from .compare import Divergence, Trace, divergent_images, first_divergence
from .console import progress
from .failure import CheckFailed
from .simulator import Simulation, SimulationError, require_counters, simulate

__all__ = ["Verification", "verify"]


@dataclass(frozen=True, eq=False)
class Verification:
    """What the golden model expects of some images and what the RTL made of them."""

    network: Network
    config: Configuration
    expected_scores: np.ndarray
    expected_trace: Trace | None
    simulation: Simulation

    @cached_property
    def first_divergence(self) -> Divergence | None:
        return first_divergence([layer.name for layer in self.network.layers], *self._sides)

    @property
    def bit_exact_images(self) -> int:
        """Number of images of which everything that was observed is equal."""
        return len(self.expected_scores) - len(divergent_images(*self._sides))

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
    with progress("golden") as show:
        expected = infer(network, images, trace=trace, progress=show)
    with progress("RTL") as show:
        try:
            simulation = simulate(program, images, trace=trace, progress=show)
        except SimulationError as error:
            raise CheckFailed(str(error)) from error
    return Verification(network, config, expected.scores, expected.trace if trace else None,
                        simulation)
