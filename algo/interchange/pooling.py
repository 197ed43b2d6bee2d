"""Sum and average pooling as a part of the conv beside it: both are linear.

Pooling of spikes, then a conv: each tap becomes one for each pixel of the window, the stride grows
by its side. A conv, then pooling: the kernel is summed over the window's shifts. Either way it is
one conv, exactly; whether the hardware has its kernel and stride, export checks.
"""

from typing import NamedTuple

from torch import nn

from .layers import conv_of, one_side
from .refusal import InterchangeError

__all__ = ["PLAIN", "Window", "pooled_after", "pooled_before", "window_of"]


class Window(NamedTuple):
    """Side of a pooling window, and what a spike in it is worth behind it."""

    side: int = 1
    worth: float = 1.0


PLAIN = Window()


def window_of(name: str, kind: str, node) -> Window:
    """Return the window of a SumPool2d or AvgPool2d node."""
    side = one_side(name, "kernel_size", node.kernel_size)
    if one_side(name, "stride", node.stride) != side:
        raise InterchangeError(f"{name}: stride must be kernel_size ({side}), not {node.stride}")
    if one_side(name, "padding", node.padding) != 0:
        raise InterchangeError(f"{name}: padding must be 0 in pooling, not {node.padding}")
    return Window(side, 1.0 if kind == "SumPool2d" else 1.0 / side ** 2)


def pooled_before(name: str, conv: nn.Conv2d, window: Window, sides: tuple[int, int]) -> nn.Conv2d:
    """Return the conv that does the pooling of maps of these ``sides`` before ``conv`` too."""
    side, padding = window.side, conv.padding[0]
    if padding and any(length % side for length in sides):
        raise InterchangeError(f"{name}: pooling before a conv with padding must divide the map, "
                               f"{sides[0]}x{sides[1]}, not leave a remainder of its {side}")
    spread = conv.weight.detach().repeat_interleave(side, 2).repeat_interleave(side, 3)
    return conv_of(spread * window.worth, conv.bias.detach(), conv.stride[0] * side, padding * side)


def pooled_after(name: str, conv: nn.Conv2d, window: Window) -> nn.Conv2d:
    """Return the conv that does the pooling of its result too."""
    side = window.side
    if conv.stride[0] != 1:
        raise InterchangeError(f"{name}: a conv with pooling right behind it must have stride 1, "
                               f"not {conv.stride[0]}")
    kernel = conv.weight.shape[-1] + side - 1
    total = conv.weight.new_zeros(*conv.weight.shape[:2], kernel, kernel)
    for row in range(side):
        for column in range(side):
            total[:, :, row:row + kernel - side + 1,
                  column:column + kernel - side + 1] += conv.weight.detach()
    return conv_of(total * window.worth, conv.bias.detach() * side ** 2 * window.worth, side,
                   conv.padding[0])
