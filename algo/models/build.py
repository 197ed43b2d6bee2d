"""A new network of a named architecture."""

from torch import nn

from .plain import VGG, plain, vgg
from .resnet import RESNETS, resnet

__all__ = ["ARCHITECTURES", "build"]

PLAIN = "plain"
ARCHITECTURES = (PLAIN, *VGG, *RESNETS)


def build(architecture: str, *, width: float = 1.0, channels: tuple[int, ...] = (),
          pools: tuple[int, ...] = (), input_shape: tuple[int, int, int],
          classes: int) -> nn.Sequential:
    """Return a new network in the form ``relu``; its weights come from torch's generator.

    ``width`` multiplies the channels of a VGG or ResNet; ``plain`` has the ``channels`` and
    ``pools`` that it is given. Raises ``ValueError`` if the images are too small.

    Shape: float [N, C, H, W] -> [N, classes].
    """
    if architecture == PLAIN:
        return plain(channels, pools, input_shape=input_shape, classes=classes)
    make = vgg if architecture in VGG else resnet
    return make(architecture, width, input_shape=input_shape, classes=classes)
