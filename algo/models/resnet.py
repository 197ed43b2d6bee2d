"""Residual networks whose sums fire: potential + spikes of the block before → one neuron.

He et al. 2016, section 4.2 (ResNet-20) and table 1 (ResNet-18, with the 3x3 stem that small images
take). A skip path that changes shape is a 1x1 conv of stride 2 and batch normalisation (option B).
"""

from torch import Tensor, nn

from .plain import FIRST_GAIN

__all__ = ["RESNETS", "resnet"]

# Channels of each stage, and blocks in each.
RESNETS = {
    "resnet18": ((64, 128, 256, 512), 2),
    "resnet20": ((16, 32, 64), 3),
}


class Block(nn.Module):
    """Two 3x3 convs beside a skip path; the sum fires. Shape: [N, C, H, W] -> [N, out, H′, W′]."""

    def __init__(self, fan_in: int, out: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(fan_in, out, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(out)
        self.fire1 = nn.ReLU()
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out)
        if stride == 1 and fan_in == out:
            self.skip = nn.Identity()
        else:
            self.skip = nn.Sequential()
            self.skip.add_module("conv", nn.Conv2d(fan_in, out, 1, stride=stride, bias=False))
            self.skip.add_module("norm", nn.BatchNorm2d(out))
            nn.init.constant_(self.skip.norm.weight, FIRST_GAIN)
        self.fire2 = nn.ReLU()
        for norm in (self.norm1, self.norm2):
            nn.init.constant_(norm.weight, FIRST_GAIN)

    def forward(self, spikes: Tensor) -> Tensor:
        inside = self.fire1(self.norm1(self.conv1(spikes)))
        return self.fire2(self.norm2(self.conv2(inside)) + self.skip(spikes))


def resnet(name: str, width: float, *, input_shape: tuple[int, int, int],
           classes: int) -> nn.Sequential:
    """Return ResNet-18 or ResNet-20 with ``width`` times its channels, in the form ``relu``.

    Shape: float [N, C, H, W] -> [N, classes], H and W divisible by 8 (ResNet-18) or 4.
    """
    stages, blocks = RESNETS[name]
    counts = [max(1, round(width * count)) for count in stages]
    model, fan_in = nn.Sequential(), counts[0]
    norm = nn.BatchNorm2d(fan_in)
    nn.init.constant_(norm.weight, FIRST_GAIN)
    model.add_module("conv", nn.Conv2d(input_shape[0], fan_in, 3, padding=1, bias=False))
    model.add_module("norm", norm)
    model.add_module("fire", nn.ReLU())
    for stage, out in enumerate(counts, start=1):
        for block in range(1, blocks + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            model.add_module(f"block{stage}_{block}", Block(fan_in, out, stride))
            fan_in = out
    model.add_module("average", nn.AdaptiveAvgPool2d(1))
    model.add_module("flatten", nn.Flatten())
    model.add_module("scores", nn.Linear(fan_in, classes))
    return model
