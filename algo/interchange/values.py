"""What leaves the nodes of a NIR graph, while it is read."""

import math
from dataclasses import dataclass, replace

from .flat_graph import FlatNode
from .pooling import PLAIN, Window
from .refusal import InterchangeError

__all__ = ["Value", "added"]


@dataclass(frozen=True)
class Value:
    """The sum of what ``calls`` of a module return, at each step.

    Parameters
    ----------
    calls
        Names of modules, or of the input.
    sides
        [C, H, W] of a map, [F] of a vector.
    of_image
        The same at each step.
    is_spikes
        The image or spikes, else sums that have not fired yet.
    window
        By which it is yet to be pooled; ``sides`` are those after it.
    is_late
        It is to be flattened once neurons have fired.
    """

    calls: tuple[str, ...]
    sides: tuple[int, ...]
    of_image: bool = False
    is_spikes: bool = False
    window: Window = PLAIN
    is_late: bool = False

    @property
    def size(self) -> int:
        return math.prod(self.sides)

    @property
    def is_map(self) -> bool:
        return len(self.sides) == 3

    @property
    def is_pooled(self) -> bool:
        return self.window != PLAIN


def added(node: FlatNode, values: list[Value]) -> Value:
    """Return what a node adds up, sums that have not fired first."""
    first, *others = sorted(values, key=lambda value: value.is_spikes)
    if not others:
        return first
    names = ", ".join(node.sources)
    if any(value.sides != first.sides or value.is_late != first.is_late for value in others):
        shapes = " and ".join("x".join(map(str, value.sides)) for value in values)
        raise InterchangeError(f"{node.name}: what it adds up ({names}) must have one shape, not "
                               f"{shapes}")
    if any(value.is_pooled for value in values):
        raise InterchangeError(f"{node.name}: what was pooled must go to a conv or linear layer "
                               f"before it is added up ({names})")
    if any(value.of_image != first.of_image for value in others):
        raise InterchangeError(f"{node.name}: the image and spikes cannot be added up by the same "
                               f"neurons ({names}); put neurons between them")
    return replace(first, calls=sum((value.calls for value in (first, *others)), ()))
