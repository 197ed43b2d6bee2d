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
from .stage import Stage

__all__ = ["Job", "Progress"]

# Called with how much is done, of how much, and what is being done.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, eq=False)
class Job:
    """A recipe that is trained in a folder, on a device, by one or more processes.

    ``stages`` are those to train: all, or those behind the checkpoint that training begins with.
    ``progress`` is that of the first process; others have none.
    """

    recipe: Recipe
    stages: tuple[Stage, ...]
    folder: Path
    data_dir: Path | None
    device: torch.device
    processes: Processes
    progress: Progress | None

    def stage_path(self, name: str) -> Path:
        """Return where the network at the end of a stage is kept."""
        return self.folder / f"{name}.safetensors"

    def worth(self, stage: Stage) -> Tensor:
        """Return what a pixel value is worth in a stage, float [256] on the device."""
        numbers = stage.numbers(self.recipe.numbers)
        return pixel_values(input_table(self.recipe.coding, numbers), numbers).to(self.device)

    def split(self, part: str) -> Split:
        return load_split(f"{self.recipe.dataset}:{part}", data_dir=self.data_dir)
