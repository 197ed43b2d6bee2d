"""The random networks of the exactness tests: case number n, its processor and its images."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from hw.compiler import CompileError, Program, compile_network
from hw.config import Configuration
from hw.network import INPUT, Network
from tests.cosim.designs import DESIGNS
from tests.networks import random_images, random_network

__all__ = ["Case", "features", "make_case"]

IMAGES = 3
# Networks that do not fit their processor before a case gives up.
MOST_ATTEMPTS = 5
NEXT_ATTEMPT = 1 << 32
# Lines of a report.
MOST_LINES = 12


@dataclass(frozen=True, eq=False)
class Case:
    """Network number ``number`` on its processor; ``refused``: how many did not fit there."""

    number: int
    design: Configuration
    network: Network
    program: Program
    images: np.ndarray
    refused: int

    def report(self, differences: list[str]) -> str:
        """Return what is wrong, and the command that repeats this case alone."""
        shown = differences[:MOST_LINES]
        if len(differences) > len(shown):
            shown.append(f"and {len(differences) - len(shown)} more")
        return "\n".join([f"case {self.number} on {self.design.name}:", *shown,
                          f"repeat it with: make soak SEED={self.number} N=1"])


def make_case(number: int) -> Case:
    """Return a case; the next network is drawn if one does not fit its processor."""
    design = DESIGNS[number % len(DESIGNS)]
    for attempt in range(MOST_ATTEMPTS):
        network, images = _draw(number, number + attempt * NEXT_ATTEMPT, design)
        try:
            program = compile_network(network, design)
        except CompileError:
            continue
        return Case(number, design, network, program, images, attempt)
    raise AssertionError(f"no network of case {number} fits {design.name}")


def _draw(number: int, seed: int, design: Configuration) -> tuple[Network, np.ndarray]:
    """Return a network and its images: mostly small ones, some of unusual size."""
    neuron = None if design.leaky else "ttfs"
    kind, count = number // len(DESIGNS) % 10, IMAGES
    if kind == 4 and design.leaky:
        most = {"steps": 32, "side": 4, "channels": 6, "layers": 3}
        neuron, count = "lif", 1
    elif kind == 7:
        # Windows of rows must fit the potentials, all pointers of a linear group half of theirs.
        most = {"side": min(64, design.potential_depth // 3), "channels": 3, "layers": 3,
                "events": 2, "inputs": design.pointer_depth // 2, "steps": 2}
        count = 2
    elif kind == 9:
        most = {"side": 1, "weights": 1 << 16, "steps": 2, "layers": 3,
                "channels": min(4096, design.lanes * design.channel_depth // 4)}
    else:
        most = {}
    network = random_network(seed, numbers=design.numbers, scope="format", neuron=neuron,
                             **{f"most_{name}": value for name, value in most.items()})
    return network, random_images(seed, network, count)


def features(case: Case) -> Counter:
    """Return what a case exercises, each with 1."""
    network, design, layers = case.network, case.design, case.program.layers
    groups = [group for layer in network.layers for group in layer.synapses]
    plans = [plan for layer in layers for plan in layer.groups]
    before = {layer.name: name for layer, name in zip(
        network.layers, [INPUT, *(layer.name for layer in network.layers)], strict=False)}
    shapes = [*network.neuron_shapes.values(), *network.spike_shapes.values()]
    is_lif = network.neuron == "lif"
    found = {
        "ttfs": not is_lif, "lif": is_lif, "lif with 8 steps or more": network.steps >= 8,
        "leak below 1": is_lif and any(layer.leak not in (None, 256) for layer in network.layers),
        "kernel of 4 or more": any(group.kernel >= 4 for group in groups),
        "kernel cut": any(group.kernel > design.max_kernel for group in groups),
        "stride 2": any(group.stride == 2 for group in groups),
        "padding": any(group.padding for group in groups),
        "offset": any(group.offset for group in groups),
        "two groups": any(len(layer.synapses) == 2 for layer in network.layers),
        "three groups": any(len(layer.synapses) == 3 for layer in network.layers),
        "residual": any(group.source != before[layer.name]
                        for layer in network.layers for group in layer.synapses),
        "pooling": any(layer.pool > 1 for layer in network.layers),
        "pooling with a remainder": any(
            network.neuron_shapes[layer.name].height % layer.pool for layer in network.layers),
        "linear on a map": any(plan.fields["linear"] and plan.fields["height"] > 1
                               for plan in plans),
        "direct": any(plan.fields["direct"] for plan in plans),
        "buffered": any(not plan.fields["direct"] for plan in plans),
        "blocks smaller than the lanes": any(
            plan.fields["block_channels"] < min(design.lanes, plan.fields["channels"])
            for plan in plans),
        "several blocks": any(plan.fields["block_channels"] < plan.fields["channels"]
                              and not plan.fields["direct"] for plan in plans),
        "passes": any(fire.first_local for layer in layers for fire in layer.fires),
        "bands": any(fire.first_row for layer in layers for fire in layer.fires),
        "channels permuted": any((np.diff(layer.order) < 0).any() for layer in layers),
        "weights streamed": bool(case.program.slices),
        "weights streamed and resident": any(plan.fields["streamed"] for plan in plans)
        and not all(plan.fields["streamed"] for plan in plans),
        "map of 32 or more": max(max(shape[1:]) for shape in shapes) >= 32,
        "1000 channels or more": max(shape.channels for shape in shapes) >= 1000,
        "row of 1 entry": design.row_entries == 1, "row of 4 entries": design.row_entries == 4,
        "no leak in hardware": not design.leaky,
    }
    return Counter({name: int(value) for name, value in found.items()})
