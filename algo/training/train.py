"""Training of a recipe, stage after stage: ReLU → clip → time-coded → log weights.

The last epoch of each stage counts: no epoch is picked. The validation part tells how a training
goes; the test part is read once, at its end, and decides nothing.
"""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hw.network import Network, save_network

from .checkpoint import Checkpoint, load_checkpoint
from .checkpoint_export import export_checkpoint
from .job import Job, Progress
from .parallel import joined_processes
from .recipe import Recipe, RecipeError
from .stages import LATEST, LOG, train_stages
from .testing import test_stages

__all__ = ["LATEST", "LOG", "NETWORK", "TrainingResult", "train"]

NETWORK = "network.safetensors"


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What a training leaves.

    Parameters
    ----------
    network, network_path
        The exported network, and where it was written.
    accuracy
        Fraction of test images that the training networks recognise: ``float`` (dense, ReLU),
        ``clipped``, ``time_coded`` and ``log_weights``, as far as the recipe has them.
    predictions
        int64 [N], classes that the last training network gives the test images.
    density
        Fraction of weights that training kept.
    seconds
        Time that this call took.
    """

    network: Network
    network_path: Path
    accuracy: dict[str, float]
    predictions: np.ndarray
    density: float
    seconds: float


def train(recipe: Recipe, out_dir: Path, *, data_dir: Path | None = None, resume: bool = False,
          initial: Path | None = None, device: str | None = None,
          progress: Progress | None = None) -> TrainingResult | None:
    """Train ``recipe`` and export it; write network, log and checkpoints into ``out_dir``.

    The same recipe gives the same network on the same machine, whether it ran at once or was
    resumed any number of times. ``resume`` continues after the last whole epoch in ``out_dir``,
    from the start if there is none, and raises ``ValueError`` if that was another training.
    ``initial`` is a checkpoint of the same model to begin with: stages up to its form are left out.
    ``device`` is torch's name of one; by default CUDA if there is one. Under ``torchrun`` all
    processes but the first return ``None``.
    """
    started, out_dir = time.monotonic(), Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    chosen = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    latest = _latest(recipe, out_dir, initial) if resume else None
    with _threads(recipe.threads), joined_processes(chosen) as processes:
        if recipe.batch_size % processes.count:
            raise RecipeError(f"batch_size must be divisible by the {processes.count} processes, "
                              f"not {recipe.batch_size}")
        job = Job(recipe, out_dir, data_dir, chosen, processes, progress)
        train_stages(job, latest, initial and load_checkpoint(initial), _sha256(initial))
        if not processes.is_first:
            return None
        accuracy, predictions, density = test_stages(job)
    network = export_checkpoint(job.stage_path(recipe.stages[-1].name))
    save_network(network, out_dir / NETWORK)
    return TrainingResult(network, out_dir / NETWORK, accuracy, predictions, density,
                          time.monotonic() - started)


def _sha256(path: Path | None) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest() if path else ""


def _latest(recipe: Recipe, out_dir: Path, initial: Path | None) -> Checkpoint | None:
    path = out_dir / LATEST
    if not path.exists():
        return None
    checkpoint = load_checkpoint(path)
    if checkpoint.recipe != recipe:
        raise ValueError(f"{path} must be of the same recipe to be resumed, not of another one")
    if checkpoint.initial != _sha256(initial):
        raise ValueError(f"{path} must have begun with the same checkpoint to be resumed")
    return checkpoint


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
