"""What a user can do about an operation or a module that no network file can hold."""

from torch import fx, nn

from ..neurons import Clip
from .tracing import ExportError

__all__ = ["refused_call", "refused_module"]

ACTIVATION = "activations must be algo.neurons.TimeCoded or Leaky, modules"
# By name of a function or method.
CALLS = {
    ("relu", "relu_", "relu6", "leaky_relu", "hardtanh", "clamp", "clip", "sigmoid", "tanh", "gelu",
     "silu", "elu", "softplus", "maximum"): ACTIVATION,
    ("softmax", "log_softmax"): "leave it out: the highest score stays the highest",
    ("cat", "concat", "concatenate", "stack"):
        "give each part a conv of its own and add their results",
    ("mul", "imul", "truediv", "div", "matmul", "bmm", "einsum", "scaled_dot_product_attention"):
        "a spike is never multiplied but by a weight; fold constants into the weights before it",
    ("sub", "isub", "neg", "rsub"): "add instead, and negate the weights of a conv",
    ("view", "reshape", "size", "getattr", "squeeze", "unsqueeze"):
        "use torch.flatten(x, 1) or nn.Flatten in front of a linear layer",
    ("permute", "transpose", "getitem", "chunk", "split", "pad", "interpolate"):
        "a layer sees whole maps as they are; use a conv",
    ("mean", "avg_pool2d", "adaptive_avg_pool2d"): "use nn.AvgPool2d or nn.AdaptiveAvgPool2d(1)",
    ("max_pool2d", "boolean_dispatch"): "use nn.MaxPool2d",
    ("conv2d", "linear", "batch_norm", "dropout"): "use the module of torch.nn",
}
MODULES = {
    (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.Hardtanh, nn.Sigmoid, nn.Tanh, nn.GELU, nn.SiLU,
     nn.ELU, nn.Softplus, nn.Hardswish, Clip):
        "activations must be algo.neurons.TimeCoded or Leaky",
    (nn.Softmax, nn.LogSoftmax): "leave it out: the highest score stays the highest",
    (nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm2d, nn.LocalResponseNorm):
        "it depends on the image; use BatchNorm2d right behind a conv",
    (nn.ConvTranspose2d, nn.Upsample, nn.PixelShuffle): "maps cannot grow; use Conv2d",
    (nn.Conv1d, nn.Conv3d): "use Conv2d",
    (nn.AdaptiveMaxPool2d, nn.FractionalMaxPool2d, nn.LPPool2d): "use MaxPool2d",
}
REST = ("use Conv2d, Linear, BatchNorm2d, MaxPool2d, AvgPool2d in front of a classifier, Flatten, "
        "Dropout, Identity, additions and algo.neurons.TimeCoded or Leaky")


def refused_call(node: fx.Node) -> ExportError:
    """Return the error for a function, a method or a tensor in a forward."""
    if node.op == "get_attr":
        return ExportError(f"{node.target}: a tensor of its own cannot be expressed; only convs "
                           "and linear layers have weights")
    name = getattr(node.target, "__name__", str(node.target))
    advice = next((advice for names, advice in CALLS.items() if name in names), REST)
    return ExportError(f"{node.name}: operation {name} cannot be expressed; {advice}")


def refused_module(name: str, module: nn.Module) -> ExportError:
    """Return the error for a module."""
    advice = next((advice for kinds, advice in MODULES.items() if isinstance(module, kinds)), REST)
    return ExportError(f"{name}: {type(module).__name__} cannot be expressed; {advice}")
