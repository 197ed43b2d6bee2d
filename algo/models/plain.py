"""Plain networks: 3x3 convs one after the other, pooled, and a linear classifier (VGG and less)."""

from torch import nn

__all__ = ["VGG", "plain", "vgg"]

# Channels of the convs between two poolings. Simonyan and Zisserman 2015, table 1, A and D.
VGG = {
    "vgg11": ((64,), (128,), (256, 256), (512, 512), (512, 512)),
    "vgg16": ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)),
}
# Batch normalisation starts with this gain, so that most potentials lie below θ = 1.
FIRST_GAIN = 0.5


def plain(channels: tuple[int, ...], pools: tuple[int, ...], *,
          input_shape: tuple[int, int, int], classes: int) -> nn.Sequential:
    """Return a new network in the form ``relu``.

    Each entry of ``channels`` is a 3x3 conv of that many channels, batch normalisation, max pooling
    by the entry of ``pools`` (1: none) and an activation; a linear classifier on the flattened map
    follows. Raises ``ValueError`` if pooling leaves nothing.

    Shape: float [N, C, H, W] -> [N, classes].
    """
    model, (fan_in, height, width) = nn.Sequential(), input_shape
    for index, (out, pool) in enumerate(zip(channels, pools, strict=True), start=1):
        norm = nn.BatchNorm2d(out)
        nn.init.constant_(norm.weight, FIRST_GAIN)
        model.add_module(f"conv{index}", nn.Conv2d(fan_in, out, 3, padding=1, bias=False))
        model.add_module(f"norm{index}", norm)
        if pool > 1:
            model.add_module(f"pool{index}", nn.MaxPool2d(pool))
        model.add_module(f"fire{index}", nn.ReLU())     # commutes with pooling, and is cheaper
        fan_in, height, width = out, height // pool, width // pool
    if not height * width:
        raise ValueError(f"poolings {list(pools)} leave nothing of images {list(input_shape)}")
    model.add_module("flatten", nn.Flatten())
    model.add_module("scores", nn.Linear(fan_in * height * width, classes))
    return model


def vgg(name: str, width: float, *, input_shape: tuple[int, int, int],
        classes: int) -> nn.Sequential:
    """Return VGG-11 or VGG-16 with ``width`` times its channels and one linear classifier.

    The three large linear layers of the original are left out, as usual for small images.
    """
    channels, pools = [], []
    for block in VGG[name]:
        channels += [max(1, round(width * count)) for count in block]
        pools += [1] * (len(block) - 1) + [2]
    return plain(tuple(channels), tuple(pools), input_shape=input_shape, classes=classes)
