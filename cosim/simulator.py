"""Runs a program and images on the real RTL and reads back what it computed and counted."""

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hw.compiler import Program
from hw.config import Configuration, ConfigurationError
from hw.counters import COUNTERS

from .console import Progress
from .execution import SimulationError, execute, readout_words
from .model import build_model
from .trace import unfold_trace

__all__ = ["Simulation", "SimulationError", "require_counters", "simulate"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Simulation:
    """What the RTL computed and counted.

    Parameters
    ----------
    scores
        int64 [N, classes].
    counts
        int64 [N, layers, counters], counters in the order of :data:`hw.counters.COUNTERS`.
    trace
        ``<layer>.potential`` int32 and ``<layer>.time`` uint8, as the golden model's; or ``None``.
    build_seconds, run_seconds
        Time spent on the model, and on running it.
    clock_cycles
        Cycles of all inferences together.
    """

    scores: np.ndarray
    counts: np.ndarray
    trace: dict[str, np.ndarray] | None
    build_seconds: float
    run_seconds: float
    clock_cycles: int


def simulate(program: Program, images: np.ndarray, *, trace: bool = False,
             progress: Progress | None = None,
             build_root: Path = Path("sim_build")) -> Simulation:
    """Run images, uint8 [N, C, H, W], through the RTL; the model is built or reused.

    Raises ``ToolchainError`` if the model cannot be built, ``ConfigurationError`` if it counts
    nothing, :class:`SimulationError` if it stops with a fault or does not end.
    """
    require_counters(program.config)
    if progress is not None:
        progress(0, len(images), "building the simulation model")
    model = build_model(program.config, build_root)
    began = time.perf_counter()
    run = Path(tempfile.mkdtemp(prefix="run-", dir=model.directory))
    outputs = ("readout", "potentials", "times") if trace else ("readout",)
    execute(model, program, images, run, outputs=outputs, progress=progress)
    scores, counts = _read_results(program, run / "readout", len(images))
    observed = unfold_trace(program, run, len(images)) if trace else None
    shutil.rmtree(run)
    return Simulation(
        scores=scores, counts=counts, trace=observed, build_seconds=model.build_seconds,
        run_seconds=time.perf_counter() - began,
        clock_cycles=int(counts[:, :, list(COUNTERS).index("cycles")].sum()))


def require_counters(config: Configuration) -> None:
    """Raise ``ConfigurationError`` unless ``config`` can be co-simulated."""
    if not config.counters:
        raise ConfigurationError(f"configuration {config.name} must have counters")


def _read_results(program: Program, path: Path, images: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and, from the running totals of the RTL, the counts of each layer."""
    words = np.fromfile(path, "<u4").reshape(images, readout_words(program), 2)
    if not (words[:, -1, 1] == 1).all() or words[:, :-1, 1].any():
        raise SimulationError(f"readout of {images} images is out of step, see {path}")
    scores = words[:, :program.classes, 0].astype(np.int32).astype(np.int64)
    totals = words[:, program.classes:, 0].reshape(images, len(program.layers), len(COUNTERS))
    counts = np.diff(totals, axis=1, prepend=np.uint32(0))   # modulo 2^32, as the counters
    return scores, counts.astype(np.int64)
