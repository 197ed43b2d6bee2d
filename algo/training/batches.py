"""The shuffled, augmented batches of an epoch.

They depend on seed and epoch only, so that a resumed training sees the same ones, and processes
that train together see parts of the same ones.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from ..data import Split
from .augment import augmented, draw_changes
from .recipe import Recipe
from .stage import Stage

__all__ = ["Batches"]

# Training images up to this size (bytes) are kept on the device.
MOST_ON_DEVICE = 4 << 30


class Batches:
    """Batches of a training split for process ``rank`` of ``processes`` on ``device``."""

    def __init__(self, recipe: Recipe, split: Split, *, device: torch.device | str = "cpu",
                 rank: int = 0, processes: int = 1):
        self.recipe, self.device = recipe, device
        self.images, self.labels = torch.from_numpy(split.images), torch.from_numpy(split.labels)
        if self.images.numel() <= MOST_ON_DEVICE:
            self.images, self.labels = self.images.to(device), self.labels.to(device)
        share = recipe.batch_size // processes
        self.rows = slice(rank * share, (rank + 1) * share)
        generator = torch.Generator().manual_seed(recipe.seed)
        self.first_flip = torch.rand(len(self.images), generator=generator) < 0.5

    def drawn(self, stage: Stage) -> int:
        """Return how many images an epoch of a stage draws."""
        return min(stage.images or len(self.images), len(self.images))

    def count(self, stage: Stage) -> int:
        """Return the number of batches in an epoch of a stage; the last, smaller one is dropped."""
        return self.drawn(stage) // self.recipe.batch_size

    def before(self, stage: Stage | None) -> int:
        """Return the number of batches of the stages before one, or of all stages."""
        stages = self.recipe.stages
        if stage is not None:
            stages = stages[:self.recipe.stage_index(stage.name)]
        return sum(other.epochs * self.count(other) for other in stages)

    def epoch(self, epoch: int, count: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield ``count`` times images uint8 [N, C, H, W] and labels int64 [N]."""
        generator = torch.Generator().manual_seed(self.recipe.seed << 20 | epoch)
        order = torch.randperm(len(self.images), generator=generator)
        for index in order.split(self.recipe.batch_size)[:count]:
            changes = draw_changes(self.recipe.augmentation, self.images.shape[1:],
                                   first_flip=self.first_flip[index], epoch=epoch,
                                   generator=generator)
            mine = index[self.rows].to(self.images.device)
            images, labels = self.images[mine].to(self.device), self.labels[mine].to(self.device)
            yield augmented(images, changes.of(self.rows, self.device)), labels
