"""Runs the inference bench on a compiled model: files in, files out."""

import json
import re
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

from hw.compiler import Program
from hw.counters import COUNTERS

from .console import Progress
from .model import TOP, Model
from .watchdog import cycle_limit, load_limit

__all__ = ["SimulationError", "execute", "readout_words"]

BENCH = "cosim.benches.inference"
POLL_SECONDS = 0.2


class SimulationError(RuntimeError):
    """The RTL stopped or did not end; one line that says where the log is."""


def execute(model: Model, program: Program, images: np.ndarray, run: Path, *,
            outputs: tuple[str, ...], waves: dict[str, object] | None = None,
            progress: Progress | None = None) -> None:
    """Run images, uint8 [N, C, H, W], in an empty folder; the harness writes ``outputs`` there.

    ``waves`` are the plusargs of a waveform, with which the simulation ends. Raises
    :class:`SimulationError` if the RTL stops with a fault or does not end; the folder then keeps
    the log.
    """
    streamed = program.streamed_words
    image_words = [program.image_words(image) for image in images]
    _write_source(run / "source", [program.load_words, streamed, *image_words])
    plan = {
        "images": len(images), "program_words": len(program.load_words),
        "streamed_words": len(streamed), "image_words": len(image_words[0]),
        "sweep_cycles": program.config.potential_depth + 100,
        "program_cycles": load_limit(program.load_words),
        "image_cycles": load_limit(image_words[0]), "inference_cycles": cycle_limit(program),
        "ends_with": "settled" if waves is None else "recorded"}
    arguments = {name: run / name for name in ("source", *outputs)} | (waves or {})
    with _watching(run / "readout", 8 * readout_words(program), len(images), progress):
        _run_bench(model, run, plan, [f"+{name}={value}" for name, value in arguments.items()])


def readout_words(program: Program) -> int:
    """Return how many words one inference sends: scores, then the counters of each layer."""
    return program.classes + len(program.layers) * len(COUNTERS)


def _write_source(path: Path, parts: list[np.ndarray]) -> None:
    """Write the words of the load stream, [beats, 32-bit words], as the source reads them."""
    np.concatenate(parts)[:, ::-1].astype(">u4").tofile(path)


def _run_bench(model: Model, run: Path, plan: dict, plusargs: list[str]) -> None:
    log = run / "run.log"
    try:
        report = get_runner("verilator").test(
            hdl_toplevel=TOP, hdl_toplevel_lang="verilog", test_module=BENCH,
            build_dir=model.directory, test_dir=run, log_file=log, plusargs=plusargs,
            extra_env={"FIRSTSPIKE_BENCH": json.dumps(plan)})
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
