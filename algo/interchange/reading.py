"""Read a NIR graph: it becomes a PyTorch module of our own parts."""

import math
from pathlib import Path

import numpy as np

from hw.network import Shape

from .file import load_graph
from .flat_graph import FlatNode, flat_nodes
from .imported import Imported
from .metadata import metadata_of
from .neurons import DEFAULT_DT
from .reader import Reader
from .refusal import InterchangeError

__all__ = ["read_nir"]


def read_nir(source, *, steps: int | None = None, dt: float = DEFAULT_DT,
             input_shape: tuple[int, int, int] | None = None,
             drop_last_neurons: bool = False) -> Imported:
    """Return the module that a NIR graph is, in steps of ``dt``.

    Each step presents the same image; a spike subtracts the threshold; the scores are what the
    last conv or linear layer returns, summed over the steps.

    Parameters
    ----------
    source
        Path of a .nir file, or a ``nir.NIRGraph``.
    steps
        N. May be left out if firstspike wrote the file.
    dt
        Seconds in a step, in the time of the graph's tau.
    input_shape
        Channels, height and width of the images, where the graph takes vectors; by default these
        are channels of 1x1.
    drop_last_neurons
        Leave out neurons at the very end, and read the classes off what they would have added up.

    Raises :class:`InterchangeError`, one line that names file and node, for what cannot be
    expressed; ``OSError`` if the file cannot be read.
    """
    if not isinstance(source, str | Path):
        return _read(source, steps, dt, input_shape, drop_last_neurons)
    graph = load_graph(Path(source))
    try:
        return _read(graph, steps, dt, input_shape, drop_last_neurons)
    except InterchangeError as error:
        raise InterchangeError(f"{source}: {error}") from None


def _read(graph, steps: int | None, dt: float, input_shape, drop_last: bool) -> Imported:
    if type(graph).__name__ != "NIRGraph":
        raise InterchangeError(f"source must be a NIRGraph or a file, not {type(graph).__name__}")
    metadata = metadata_of(graph)
    steps = metadata.steps if steps is None and metadata else steps
    if steps is None:
        raise InterchangeError("steps must be given (--steps): NIR does not say how many there are")
    if steps < 1:
        raise InterchangeError(f"steps must be at least 1, not {steps}")
    if not 0 < dt < math.inf:
        raise InterchangeError(f"dt must be positive, not {dt}")
    nodes = flat_nodes(graph)
    sides = _graph_input(next(node for node in nodes if node.kind == "Input"))
    reader = Reader(Imported(_image_shape(sides, input_shape), steps, metadata), nodes, sides,
                    dt=dt, drop_last=drop_last)
    for node in nodes:
        reader.read(node)
    if not reader.has_fired:
        raise InterchangeError("a graph must have at least one layer of LIF or IF neurons")
    return reader.module.eval()


def _graph_input(node: FlatNode) -> tuple[int, ...]:
    """Return the sides of what a graph takes, without a batch dimension of 1."""
    declared = node.node.input_type["input"]
    sides = () if declared is None else tuple(int(side) for side in np.atleast_1d(declared))
    if len(sides) == 4 and sides[0] == 1:
        sides = sides[1:]
    if len(sides) == 2:
        sides = sides[1:] if sides[0] == 1 else (1, *sides)
    if len(sides) not in (1, 3) or min(sides) < 1:
        raise InterchangeError(f"{node.name}: the input must be a vector or a map of channels, "
                               f"height and width, not {list(sides)}")
    return sides


def _image_shape(sides: tuple[int, ...], wanted) -> Shape:
    if wanted is None:
        return Shape(*sides) if len(sides) == 3 else Shape(sides[0], 1, 1)
    shape = Shape(*wanted)
    if shape.size != math.prod(sides) or (len(sides) == 3 and shape != sides):
        raise InterchangeError("input_shape must fit the graph's input of "
                               f"{'x'.join(map(str, sides))}, not {shape}")
    return shape
