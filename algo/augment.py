"""Random small shifts, rotations and changes of size of training images."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["augmented"]


def augmented(images: Tensor, *, shift: float, rotation: float, size: float,
              generator: torch.Generator) -> Tensor:
    """Return uint8 images [N, C, H, W], each moved by an affine map of its own.

    At most ``shift`` pixels in both directions, ``rotation`` degrees, and a relative change of size
    of ``size``, all uniform; bilinear, black outside.
    """
    count, _, height, width = images.shape

    def uniform(most: float) -> Tensor:
        return (2 * torch.rand(count, generator=generator) - 1) * most

    angle, gain = uniform(math.radians(rotation)), 1 + uniform(size)
    rows = torch.stack([
        torch.stack([gain * angle.cos(), -gain * angle.sin(), uniform(2 * shift / width)], 1),
        torch.stack([gain * angle.sin(), gain * angle.cos(), uniform(2 * shift / height)], 1)], 1)
    grid = F.affine_grid(rows, list(images.shape), align_corners=False)
    moved = F.grid_sample(images.float(), grid, align_corners=False)
    return moved.round().to(torch.uint8)
