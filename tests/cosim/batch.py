"""Runs many networks on one processor in one simulation, which saves its start for each."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

from cosim.execution import readout_words
from cosim.model import TOP, build_model
from cosim.trace import unfold_trace
from cosim.watchdog import cycle_limit, load_limit
from hw.compiler import Program
from hw.counters import COUNTERS
from tests.cosim.cases import Case

__all__ = ["BatchError", "Observed", "run_batch"]

BENCH = "tests.cosim.batch_bench"
OUTPUTS = "readout", "potentials", "times"


class BatchError(RuntimeError):
    """The RTL stopped or did not end; one line that says where the log is."""


@dataclass(frozen=True, eq=False)
class Observed:
    """What the RTL did for the images of one case, as :class:`cosim.simulator.Simulation`."""

    scores: np.ndarray
    counts: np.ndarray
    trace: dict[str, np.ndarray]


def run_batch(cases: Sequence[Case], build_root: Path) -> list[Observed]:
    """Run cases of one design, each loaded over the one before; the model is built or reused.

    Raises :class:`BatchError`; its log then stays.
    """
    model = build_model(cases[0].design, build_root)
    run = Path(tempfile.mkdtemp(prefix="batch-", dir=model.directory))
    jobs = _write_jobs(cases, run / "source")
    plan = {"sweep_cycles": cases[0].design.potential_depth + 100, "jobs": jobs}
    log = run / "run.log"
    try:
        report = get_runner("verilator").test(
            hdl_toplevel=TOP, hdl_toplevel_lang="verilog", test_module=BENCH,
            build_dir=model.directory, test_dir=run, log_file=log,
            plusargs=[f"+{name}={run / name}" for name in ("source", *OUTPUTS)],
            extra_env={"FIRSTSPIKE_BENCH": json.dumps(plan)})
        if get_results(report) != (1, 0):
            raise BatchError(f"the simulation failed, see {log}")
    except (SystemExit, RuntimeError) as error:
        raise BatchError(f"the simulation failed, see {log}") from error
    observed = _split(cases, run)
    shutil.rmtree(run)
    return observed


def _write_jobs(cases: Sequence[Case], path: Path) -> list[tuple[str, int, int, bool, int]]:
    """Write the words of all cases; return what to send and start, and the most cycles of each."""
    jobs, parts, written = [], [], 0
    for case in cases:
        images = [case.program.image_words(image) for image in case.images]
        own = [case.program.load_words, case.program.streamed_words, *images]
        bounds = list(accumulate(map(len, own), initial=written))
        (program, streamed, *loads), name = list(pairwise(bounds)), f"case {case.number}"
        jobs.append((f"{name}, program", *program, False, load_limit(own[0])))
        for index, load in enumerate(loads):
            image = f"{name}, image {index}"
            jobs.append((f"{image}, load", *load, False, load_limit(images[index])))
            jobs.append((image, *streamed, True, cycle_limit(case.program)))
        parts += own
        written = bounds[-1]
    np.concatenate(parts)[:, ::-1].astype(">u4").tofile(path)
    return jobs


def _split(cases: Sequence[Case], run: Path) -> list[Observed]:
    """Return what belongs to each case; what is left over at the end is an error."""
    files = {name: np.fromfile(run / name, "<u4") for name in OUTPUTS}
    observed = []
    for case in cases:
        words = {name: len(case.images) * count for name, count in _words(case.program).items()}
        own = {name: content[:words[name]] for name, content in files.items()}
        files = {name: content[words[name]:] for name, content in files.items()}
        folder = run / f"case-{case.number}"
        folder.mkdir()
        for name in ("potentials", "times"):
            own[name].tofile(folder / name)
        observed.append(Observed(*_results(case, own["readout"]),
                                 unfold_trace(case.program, folder, len(case.images))))
    assert not any(map(len, files.values())), "more was read out than all cases have"
    return observed


def _words(program: Program) -> dict[str, int]:
    """Return how many words each output has for one image."""
    potentials = times = 0
    for layer in program.layers:
        for fire in layer.fires:
            pool, width = fire.fields["pool"], layer.neurons.width
            potentials += fire.local_channels * fire.rows * width
            times += fire.fields["writes"] * (
                fire.local_channels * (fire.rows // pool) * (width // pool))
    lanes = program.config.lanes
    return {"readout": 2 * readout_words(program), "potentials": potentials * lanes,
            "times": times * lanes}


def _results(case: Case, readout: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return scores [N, classes] and counts [N, layers, counters]."""
    program = case.program
    words = readout.reshape(len(case.images), -1, 2)
    assert (words[:, -1, 1] == 1).all() and not words[:, :-1, 1].any(), "readout out of step"
    scores, totals = np.split(words[..., 0], [program.classes], axis=1)
    totals = totals.reshape(len(case.images), len(program.layers), len(COUNTERS))
    counts = np.diff(totals, axis=1, prepend=np.uint32(0))
    return scores.astype(np.int32).astype(np.int64), counts.astype(np.int64)
