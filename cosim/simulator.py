"""Runs a program and images on the real RTL and reads back what it computed and counted."""

import json
import re
import shutil
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

from hw.compiler import Program
from hw.config import Configuration, ConfigurationError
from hw.counters import COUNTERS

from .console import Progress
from .model import TOP, Model, build_model
from .trace import unfold_trace
from .watchdog import cycle_limit

__all__ = ["Simulation", "SimulationError", "require_counters", "simulate"]

BENCH = "cosim.benches.inference"
POLL_SECONDS = 0.2


class SimulationError(RuntimeError):
    """The RTL stopped or did not end; one line that says where the log is."""


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
    image_words = [program.image_words(image) for image in images]
    np.concatenate([program.load_words, *image_words]).astype(">u4").tofile(run / "source")
    with _watching(run / "readout", 8 * _readout_words(program), len(images), progress):
        _run_bench(model, run, trace=trace, plan={
            "images": len(images), "program_words": len(program.load_words),
            "image_words": len(image_words[0]) if image_words else 0,
            "sweep_cycles": program.config.potential_depth + 100,
            "inference_cycles": cycle_limit(program)})
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


def _readout_words(program: Program) -> int:
    """Words that one inference sends: scores, then the counters of each layer."""
    return program.classes + len(program.layers) * len(COUNTERS)


def _run_bench(model: Model, run: Path, *, trace: bool, plan: dict) -> None:
    outputs = ["readout", "potentials", "times"] if trace else ["readout"]
    log = run / "run.log"
    runner = get_runner("verilator")
    try:
        report = runner.test(
            hdl_toplevel=TOP, hdl_toplevel_lang="verilog", test_module=BENCH,
            build_dir=model.directory, test_dir=run,
            log_file=log, extra_env={"FIRSTSPIKE_BENCH": json.dumps(plan)},
            plusargs=[f"+{name}={run / name}" for name in ("source", *outputs)])
        ran, failed = get_results(report)
    except (SystemExit, RuntimeError):
        ran, failed = 0, 1
    if failed or not ran:
        raise SimulationError(f"{_complaint(log)}, see {log}")


def _complaint(log: Path) -> str:
    """Return the bench's last complaint, in one line."""
    text = log.read_text(errors="replace") if log.exists() else ""
    complaints = re.findall(r"(?:TimeoutError|AssertionError): (.+)", text)
    return complaints[-1].strip() if complaints else "the simulation stopped"


def _read_results(program: Program, path: Path, images: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and, from the running totals of the RTL, the counts of each layer."""
    words = np.fromfile(path, "<u4").reshape(images, _readout_words(program), 2)
    if not (words[:, -1, 1] == 1).all() or words[:, :-1, 1].any():
        raise SimulationError(f"readout of {images} images is out of step, see {path}")
    scores = words[:, :program.classes, 0].astype(np.int32).astype(np.int64)
    totals = words[:, program.classes:, 0].reshape(images, len(program.layers), len(COUNTERS))
    counts = np.diff(totals, axis=1, prepend=np.uint32(0))   # modulo 2^32, as the counters
    return scores, counts.astype(np.int64)


@contextmanager
def _watching(path: Path, bytes_per_image: int, images: int, progress: Progress | None):
    """Report the images done from the growth of the readout file."""
    done = threading.Event()

    def watch():
        while not done.wait(POLL_SECONDS):
            size = path.stat().st_size if path.exists() else 0
            progress(min(size // bytes_per_image, images), images, "running the RTL")

    thread = threading.Thread(target=watch, daemon=True)
    if progress is not None:
        thread.start()
    try:
        yield
    finally:
        done.set()
        if progress is not None:
            thread.join()
            progress(images, images, "running the RTL")
