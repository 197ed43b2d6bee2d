"""Networks of real shape on the RTL: which, on which processor, and what comes of a run."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from algo.data import load_split
from algo.golden import infer
from algo.zoo import network_path
from cosim.compare import Divergence, first_divergence
from cosim.simulator import Simulation, simulate
from hw.compiler import Program, compile_network
from hw.config import load_configuration
from hw.counters import COUNTERS
from hw.network import Network, load_network
from tests.full_size import networks
from tests.full_size.floor import LayerFloor, layer_floors
from tests.full_size.images import smooth_images

__all__ = ["CASES", "Case", "Result", "TrainedCase", "run"]

IMAGE_SEED = 5


@dataclass(frozen=True, kw_only=True)
class Case:
    """A network of :mod:`tests.full_size.networks`, seed 1, and the processor that runs it."""

    shape: str
    density: float
    config: str
    options: dict = field(default_factory=dict)
    images: int = 2

    @property
    def name(self) -> str:
        """What a reader calls it, such as ``vgg16 0.1 classes=100``."""
        return " ".join([self.shape, f"{self.density:g}",
                         *(f"{key}={value}" for key, value in self.options.items())])

    def network(self) -> Network:
        """Return the network."""
        return getattr(networks, self.shape)(self.density, seed=1, **self.options)

    def pictures(self) -> np.ndarray:
        """Return the images, uint8 [N, C, H, W]."""
        return smooth_images(IMAGE_SEED, self.images, tuple(self.network().input_shape))


@dataclass(frozen=True, kw_only=True)
class TrainedCase:
    """A network file, or a shipped network, and images of a data set."""

    file: str
    split: str
    config: str
    images: int = 2

    @property
    def name(self) -> str:
        """What a reader calls it."""
        return self.file

    def network(self) -> Network:
        """Return the network."""
        return load_network(network_path(self.file))

    def pictures(self) -> np.ndarray:
        """Return the first images of the split, uint8 [N, C, H, W]."""
        return load_split(self.split).images[:self.images]


def _config(density: float) -> str:
    return "vgg" if density <= 0.03 else "vgg-dense"


CASES = (
    *(Case(shape=shape, density=density, config=_config(density), options=options)
      for shape, options in (("vgg16", {}), ("vgg16", {"classes": 100}), ("resnet18", {}),
                             ("resnet20", {}))
      for density in (1.0, 0.1, 0.03)),
    Case(shape="vgg16", density=0.1, config="vgg-dense", options={"balanced_lanes": 64}),
    *(Case(shape="vgg16", density=0.1, config="vgg-dense",
           options={"neuron": "lif", "steps": steps}) for steps in (1, 2, 5)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """What a case computed and counted; ``floors`` are those of each image and layer."""

    case: Case | TrainedCase
    program: Program
    simulation: Simulation
    divergence: Divergence | None
    floors: list[list[LayerFloor]]

    def counts(self, name: str) -> np.ndarray:
        """Return a count of each layer, float [layers], the mean over the images."""
        return self.simulation.counts[:, :, list(COUNTERS).index(name)].mean(axis=0)

    @property
    def floor_cycles(self) -> np.ndarray:
        """Floor of each layer, float [layers], the mean over the images."""
        return np.array([[layer.cycles for layer in image] for image in self.floors]).mean(axis=0)


def run(case: Case | TrainedCase, build_root: Path) -> Result:
    """Run a case on the RTL with all traces, and hold it against the golden model."""
    network = case.network()
    config = load_configuration(case.config, network.numbers)
    images = case.pictures()
    golden = infer(network, images, trace=True)
    program = compile_network(network, config)
    found = simulate(program, images, trace=True, build_root=build_root)
    divergence = first_divergence([layer.name for layer in network.layers], golden.scores,
                                  found.scores, golden.trace, found.trace)
    floors = [layer_floors(network, image, {
        key.removesuffix(".time"): value[index] for key, value in golden.trace.items()
        if key.endswith(".time")}, config.lanes) for index, image in enumerate(images)]
    return Result(case=case, program=program, simulation=found, divergence=divergence,
                  floors=floors)
