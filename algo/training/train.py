"""Training of a recipe, stage after stage: ReLU → clip → time-coded or leaky → log weights.

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
from filelock import FileLock, Timeout

from hw.network import Network, save_network

from ..data import load_split
from ..truncation import KNOWN, compensated
from .beginning import begin_path, load_beginning, stages_behind
from .checkpoint import Checkpoint, load_checkpoint
from .checkpoint_export import export_checkpoint
from .job import Job, Progress
from .parallel import device_of, joined_processes
from .plots import plot_log
from .recipe import Recipe
from .rules import RecipeError
from .stages import LATEST, LOG, PICTURE, train_stages
from .testing import test_stages

__all__ = ["LATEST", "LOG", "NETWORK", "PICTURE", "TrainingResult", "train"]

NETWORK, LOCK = "network.safetensors", ".lock"


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What a training leaves.

    Parameters
    ----------
    network, network_path
        The exported network, and where it was written.
    accuracy
        Fraction of test images that the training networks recognise: ``float`` (dense, ReLU),
        ``clipped``, ``time_coded``, ``log_weights``, ``leaky`` (of the last stage, so of the fewest
        steps) and ``leaky_log_weights``, as far as the recipe has them.
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
          initial: Path | str | None = None, device: str | None = None, test: bool = True,
          progress: Progress | None = None) -> TrainingResult | None:
    """Train ``recipe`` and export it; write network, log, picture and checkpoints to ``out_dir``.

    The same recipe gives the same network on the same machine, whether it ran at once or was
    resumed any number of times. ``resume`` continues after the last whole epoch in ``out_dir``,
    from the start if there is none, and raises ``ValueError`` if that was another training.
    ``initial`` is a checkpoint of the same model to begin with, or a network file (a path or
    ``zoo:NAME``, see :mod:`~.beginning`): stages up to its form are left out.
    ``device`` is torch's name of one; by default CUDA if there is one. Without ``test`` the test
    part is not read, and accuracy and predictions are empty: for experiments. Under ``torchrun``
    all processes but the first return ``None``, and show no progress.
    """
    started, out_dir, initial = time.monotonic(), Path(out_dir), begin_path(initial)
    chosen, begin = device_of(device), _initial(recipe, initial, data_dir)
    latest = _latest(recipe, out_dir, initial) if resume else None
    out_dir.mkdir(parents=True, exist_ok=True)
    with _threads(recipe.threads), joined_processes(chosen) as processes:
        if recipe.batch_size % processes.count:
            raise RecipeError(f"batch_size must be divisible by the {processes.count} processes, "
                              f"not {recipe.batch_size}")
        stages = stages_behind(recipe, begin) if begin else recipe.stages
        job = Job(recipe, stages, out_dir, data_dir, chosen, processes,
                  progress if processes.is_first else None)
        with _only_training(job):
            train_stages(job, latest, begin, _sha256(initial))
            if not processes.is_first:
                return None
            known = job.split("train").images[:KNOWN]
            accuracy, predictions = test_stages(job) if test else ({}, np.empty(0, np.int64))
            plot_log(out_dir / LOG, out_dir / PICTURE)
            last = job.stage_path(recipe.stages[-1].name)
            network = compensated(export_checkpoint(last), known)
            save_network(network, out_dir / NETWORK)
    return TrainingResult(network, out_dir / NETWORK, accuracy, predictions,
                          load_checkpoint(last).density, time.monotonic() - started)


@contextmanager
def _only_training(job: Job) -> Iterator[None]:
    """Keep others out of the folder, and remove what one that was killed had half written."""
    if not job.processes.is_first:
        yield
        return
    lock = FileLock(job.folder / LOCK, timeout=0)
    try:
        with lock:
            names = (LATEST, LOG, PICTURE, NETWORK, *(f"{stage.name}.safetensors"
                                                      for stage in job.stages))
            for name in names:
                for path in job.folder.glob(f".{name}.*"):
                    path.unlink()
            yield
    except Timeout:
        raise ValueError(f"{job.folder}: another training writes there; end it first, or choose "
                         "another folder") from None


def _sha256(path: Path | None) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest() if path else ""


def _initial(recipe: Recipe, path: Path | None, data_dir: Path | None) -> Checkpoint | None:
    if path is None:
        return None
    begin = load_beginning(path, load_split(f"{recipe.dataset}:train", data_dir=data_dir))
    if begin.recipe.model != recipe.model:
        raise RecipeError(f"{path} must have the model of the recipe to begin with, "
                          f"{recipe.model.architecture} of width {recipe.model.width}, not "
                          f"{begin.recipe.model.architecture} of width {begin.recipe.model.width}")
    if begin.form not in recipe.path:
        raise RecipeError(f"{path} must be of one of the forms {', '.join(recipe.path)} of the "
                          f"recipe to begin with, not {begin.form}")
    if begin.steps and begin.recipe.lif.norms != recipe.lif.norms:
        raise RecipeError(f"{path} must have lif.norms as the recipe, {recipe.lif.norms}, not "
                          f"{begin.recipe.lif.norms}")
    if not stages_behind(recipe, begin):
        raise RecipeError(f"{path} must be of an earlier form than the recipe's last stage, not "
                          f"{begin.form}: nothing is left to train")
    return begin


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
