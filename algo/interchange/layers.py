"""Convs and linear layers of NIR as modules of PyTorch, biases always there."""

import numpy as np
import torch
from torch import Tensor, nn

from .flat_graph import FlatNode
from .refusal import InterchangeError

__all__ = ["conv_module", "conv_of", "linear_module", "one_side", "sides_behind"]


def conv_module(node: FlatNode) -> nn.Conv2d:
    """Return the conv of a Conv2d node; refuse what is not square, dense and whole-numbered."""
    name, found = node.name, node.node
    weight = _floats(name, "weight", found.weight)
    if weight.dim() != 4 or weight.shape[2] != weight.shape[3]:
        raise InterchangeError(f"{name}: weight must be [out, in, K, K], not {list(weight.shape)}")
    for key in ("dilation", "groups"):
        if one_side(name, key, getattr(found, key)) != 1:
            raise InterchangeError(f"{name}: {key} must be 1, not {getattr(found, key)}")
    stride = one_side(name, "stride", found.stride)
    return conv_of(weight, _bias(name, found.bias, len(weight)), stride,
                   _padding(name, found.padding, weight.shape[2], stride))


def conv_of(weight: Tensor, bias: Tensor, stride: int, padding: int) -> nn.Conv2d:
    """Return a conv with weights [out, in, K, K] and bias [out]."""
    out, fan_in, kernel, _ = weight.shape
    conv = nn.Conv2d(fan_in, out, kernel, stride=stride, padding=padding)
    with torch.no_grad():
        conv.weight.copy_(weight)
        conv.bias.copy_(bias)
    return conv


def linear_module(node: FlatNode, sides: tuple[int, ...], worth: float) -> nn.Linear:
    """Return the layer of an Affine or Linear node, weights times what a spike is worth."""
    weight = _floats(node.name, "weight", node.node.weight)
    if weight.dim() != 2 or sides != (weight.shape[1],):
        advice = "; put a Flatten before it" if len(sides) > 1 else ""
        raise InterchangeError(f"{node.name}: weight must be [out, in] for an input of "
                               f"{'x'.join(map(str, sides))}, not {list(weight.shape)}{advice}")
    linear = nn.Linear(weight.shape[1], len(weight))
    with torch.no_grad():
        linear.weight.copy_(weight * worth)
        linear.bias.copy_(_bias(node.name, getattr(node.node, "bias", None), len(weight)))
    return linear


def sides_behind(layer: nn.Module, height: int, width: int) -> tuple[int, ...]:
    """Return the sides of what a conv makes of such a map, or a linear layer of a vector."""
    if isinstance(layer, nn.Linear):
        return (layer.out_features,)
    kernel, padding, stride = layer.kernel_size[0], layer.padding[0], layer.stride[0]
    return (layer.out_channels,
            *((side + 2 * padding - kernel) // stride + 1 for side in (height, width)))


def one_side(name: str, key: str, value) -> int:
    """Return the one value of an option that has one for each direction."""
    sides = {int(side) for side in np.atleast_1d(np.asarray(value))}
    if len(sides) != 1:
        raise InterchangeError(f"{name}: {key} must be the same in both directions, not {value}")
    return sides.pop()


def _padding(name: str, padding, kernel: int, stride: int) -> int:
    if not isinstance(padding, str):
        return one_side(name, "padding", padding)
    if padding == "same" and (stride > 1 or kernel % 2 == 0):
        raise InterchangeError(f"{name}: padding 'same' must come with an odd kernel and stride 1, "
                               f"not {kernel} and {stride}")
    return kernel // 2 if padding == "same" else 0


def _bias(name: str, bias, out: int) -> Tensor:
    if bias is None:
        return torch.zeros(out)
    found = _floats(name, "bias", bias).flatten()
    if len(found) not in (1, out):
        raise InterchangeError(f"{name}: bias must have {out} values, not {len(found)}")
    return found


def _floats(name: str, key: str, values) -> Tensor:
    """Return parameters as float32."""
    found = torch.as_tensor(values).detach().to(torch.float32)
    if not found.isfinite().all():
        raise InterchangeError(f"{name}: {key} must be finite numbers")
    return found
