"""What does not change while a recipe trains."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..coding import input_table, pixel_values
from ..data import Split, load_split
from .parallel import Processes
from .recipe import Recipe

__all__ = ["Job", "Progress"]

# Called with how much is done, of how much, and what is being done.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, eq=False)
class Job:
    """A recipe that is trained in a folder, on a device, by one or more processes."""

    recipe: Recipe
    folder: Path
    data_dir: Path | None
    device: torch.device
    processes: Processes
    progress: Progress | None

    def stage_path(self, name: str) -> Path:
        """Return where the network at the end of a stage is kept."""
        return self.folder / f"{name}.safetensors"

    def worth(self) -> Tensor:
        """Return what a pixel value is worth, float [256] on the device."""
        numbers = self.recipe.numbers
        return pixel_values(input_table(self.recipe.coding, numbers), numbers).to(self.device)

    def split(self, part: str) -> Split:
        return load_split(f"{self.recipe.dataset}:{part}", data_dir=self.data_dir)
