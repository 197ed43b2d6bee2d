"""Random changes of training images, drawn for a batch and applied to it on its device.

What is drawn depends on the generator alone and is one row for each image, so that processes that
share a batch draw the same and each apply their own rows.
"""

import math
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["FLIPS", "Changes", "augmented", "draw_changes"]

# Mirrored: never; by chance; each image in every other epoch (Jordan 2024, airbench, section 3.6).
FLIPS = ("none", "random", "alternate")
# ITU-R BT.601: what red, green and blue are worth in grey.
GREY = (0.299, 0.587, 0.114)


@dataclass(frozen=True, eq=False)
class Changes:
    """What happens to each of N images; ``None``: nothing of that kind.

    Parameters
    ----------
    affine
        float [N, 2, 3], as ``torch.nn.functional.affine_grid`` takes it.
    crop
        int64 [N, 2], shift down and right in whole pixels.
    flip
        bool [N], mirrored left to right.
    cutout
        int64 [N, 2], row and column where a black square begins, of ``side`` pixels.
    colour
        float [N, 3], factors of brightness, contrast and saturation.
    """

    affine: Tensor | None
    crop: Tensor | None
    flip: Tensor | None
    cutout: Tensor | None
    colour: Tensor | None
    side: int

    def of(self, rows: slice, device: torch.device | str = "cpu") -> "Changes":
        """Return the changes of some of the images, on ``device``."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return Changes(**{key: value[rows].to(device) if isinstance(value, Tensor) else value
                          for key, value in found.items()})


def draw_changes(augmentation, shape: tuple[int, int, int], *, first_flip: Tensor, epoch: int,
                 generator: torch.Generator) -> Changes:
    """Draw changes of N images of ``shape`` (C, H, W), uniform within an ``Augmentation``.

    ``first_flip`` bool [N] says whether an image is mirrored in epoch 0, which ``alternate`` needs.
    """
    count, (_, height, width), wanted = len(first_flip), shape, augmentation

    def uniform(*size: int) -> Tensor:
        return 2 * torch.rand(count, *size, generator=generator) - 1

    affine = crop = flip = cutout = colour = None
    if wanted.shift or wanted.rotation or wanted.size:
        affine = _affine(uniform(4), wanted, height, width)
    if wanted.crop:
        crop = torch.randint(-wanted.crop, wanted.crop + 1, (count, 2), generator=generator)
    if wanted.flip == "random":
        flip = torch.rand(count, generator=generator) < 0.5
    elif wanted.flip == "alternate":
        flip = first_flip ^ bool(epoch % 2)
    if wanted.cutout:
        centre = torch.rand(count, 2, generator=generator) * torch.tensor([height, width])
        cutout = centre.long() - wanted.cutout // 2
    if wanted.colour:
        colour = 1 + wanted.colour * uniform(3)
    return Changes(affine, crop, flip, cutout, colour, wanted.cutout)


def augmented(images: Tensor, changes: Changes) -> Tensor:
    """Return uint8 images [N, C, H, W], changed; black outside."""
    if changes.affine is not None:
        grid = F.affine_grid(changes.affine, list(images.shape), align_corners=False)
        moved = F.grid_sample(images.float(), grid, align_corners=False)
        images = moved.round().to(torch.uint8)
    if changes.crop is not None or changes.flip is not None:
        images = _shifted(images, changes)
    if changes.colour is not None:
        images = _coloured(images, changes.colour)
    if changes.cutout is not None:
        images = images.masked_fill(_squares(images, changes), 0)
    return images


def _affine(uniform: Tensor, wanted, height: int, width: int) -> Tensor:
    angle = math.radians(wanted.rotation) * uniform[:, 0]
    gain = 1 + wanted.size * uniform[:, 1]
    right, down = (uniform[:, 2:] * 2 * wanted.shift / torch.tensor([width, height])).unbind(1)
    return torch.stack([torch.stack([gain * angle.cos(), -gain * angle.sin(), right], 1),
                        torch.stack([gain * angle.sin(), gain * angle.cos(), down], 1)], 1)


def _shifted(images: Tensor, changes: Changes) -> Tensor:
    """Shift and mirror by one gather, many times faster on a CPU than indexing."""
    count, channels, height, width = images.shape
    rows = torch.arange(height, device=images.device).expand(count, -1)
    columns = torch.arange(width, device=images.device).expand(count, -1)
    if changes.flip is not None:
        columns = torch.where(changes.flip[:, None], width - 1 - columns, columns)
    margin = 0
    if changes.crop is not None:
        margin = int(changes.crop.abs().max())
        rows, columns = rows + changes.crop[:, :1], columns + changes.crop[:, 1:]
    padded = F.pad(images, (margin,) * 4)
    index = (rows + margin)[:, :, None] * padded.shape[3] + (columns + margin)[:, None, :]
    index = index.reshape(count, 1, -1).expand(-1, channels, -1)
    return padded.flatten(2).gather(2, index).view_as(images)


def _squares(images: Tensor, changes: Changes) -> Tensor:
    """Return where the squares are, bool [N, 1, H, W]."""
    inside = []
    for axis, side in enumerate(images.shape[2:]):
        place = torch.arange(side, device=images.device) - changes.cutout[:, axis, None]
        inside.append((place >= 0) & (place < changes.side))
    return (inside[0][:, :, None] & inside[1][:, None, :])[:, None]


def _coloured(images: Tensor, factors: Tensor) -> Tensor:
    values = images.float() * factors[:, 0, None, None, None]
    mean = values.mean((1, 2, 3), keepdim=True)
    values = mean + (values - mean) * factors[:, 1, None, None, None]
    if images.shape[1] == len(GREY):
        weight = torch.tensor(GREY, device=images.device).reshape(1, -1, 1, 1)
        grey = (values * weight).sum(1, keepdim=True)
        values = grey + (values - grey) * factors[:, 2, None, None, None]
    return values.round().clamp(0, 255).to(torch.uint8)
