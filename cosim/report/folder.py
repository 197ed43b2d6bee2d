"""Reads a run folder: what co-simulation or prediction found, and what is recorded beside it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from algo.data import DataError
from algo.data.npz import read_arrays
from hw.counters import COUNTERS

from ..activity import ACTIVITY, IMAGE, SCORES
from ..context import CONTEXT
from ..energy import CATEGORIES, COMPONENTS
from .content import ContentError, check_content, read_json

__all__ = ["PREDICTION", "RUN", "SYNTHESIS", "RunFolder", "read_folder"]

RUN, PREDICTION, SYNTHESIS = "run.json", "prediction.json", "synth.json"
MAX_ACTIVITY_BYTES = 1 << 28
ENERGY = {"table": str, "total": float, "total_on_chip": float, **dict.fromkeys(CATEGORIES, float)}
COUNTS = dict.fromkeys(COUNTERS, float)
MEASURES = {"utilisation": float, "counts": COUNTS, "energy_uj": ENERGY,
            "components_uj": dict.fromkeys(COMPONENTS, float)}
ROW = {"component": str, "memory": (str, type(None)), "primitive": str, "action": str,
       "count": float, "energy_pj": float, "energy_uj": float, "width_bits": (float, type(None)),
       "size_bytes": (float, type(None)), "source": str, "method": str}
AREA = {"memories": {str: float}, "memory": float, "logic": float, "total": float}
RESULT = MEASURES | {
    "network": str, "network_sha256": str, "config": str, "config_sha256": str, "images": int,
    "images_from": str, "accuracy": (float, type(None)),
    "layers": [MEASURES | {"name": str, "cycles": float}], "energy_rows": [ROW],
    "dram_sensitivity_uj": {str: float}, "area_mm2": AREA, "clock_mhz": float,
    "frames_per_second": float, "versions": {str: str}}
VERDICT = {"bit_exact": bool, "bit_exact_images": int, "traced": bool,
           "first_divergence": (dict, type(None)), "simulation": {
               "build_seconds": float, "run_seconds": float, "cycles_per_second": float}}
AGREEMENT = {"equal_images": int, "first_difference": (dict, type(None))}
CALCULATED = {"cycles_of_images": {"least": float, "median": float, "most": float}}
CHAIN = {"float": float, "time_coded": float, "log_weights": float, "integer": float,
         "agreement": float, "density": float}
LAYER = {"name": str, "neurons": [int], "spikes": [int], "pool": int, "weights": int,
         "nonzero": int, "density": float, "dense_operations": int, "synapses": [
             {"from": str, "kind": str, "kernel": int, "stride": int}]}
RECORD = {"command": str,
          "network": {"neuron": str, "steps": int, "coding": str, "input_shape": [int],
                      "events_per_pixel": int, "classes": list, "weights": int, "nonzero": int,
                      "density": float, "provenance": dict, "layers": [LAYER],
                      "numbers": {"window": int, "steps_per_octave": int, "weight_bits": int,
                                  "weight_steps_per_octave": int,
                                  "potential_bits": int, "product_bits": int}},
          "processor": {"lanes": int, "memory_bits": int, "memories": {
              str: {"words": int, "width_bits": int, "instances": int, "bits": int}}},
          "images": {"source": str, "count": int, "sha256": str, "first_label": (int, type(None))}}
SYNTHESISED = {"config": str, "config_sha256": str, "target": str, "blocks": [
    {"block": str, "instances": int, "flip_flops": float}],
    "total": {"flip_flops": int, "memory_bits": int}}
# What only some targets have.
OF_TARGETS = {"clock_mhz": float, "device": str, "resources": {str: int}, "critical_path": {
    "delay_ps": float, "from": str, "to": str, "signal": str}}


@dataclass(frozen=True, eq=False)
class RunFolder:
    """What a run folder holds.

    Parameters
    ----------
    path
        The folder.
    run, prediction
        What co-simulation counted (``run.json``) and what ``firstspike predict`` calculated
        (``prediction.json``); one may be ``None``.
    context, activity
        What was run and when neurons fire (:mod:`cosim.record`); ``None`` in folders of other
        programs.
    synthesis
        ``synth.json`` of ``firstspike synth``, or ``None``.
    """

    path: Path
    run: dict | None
    prediction: dict | None
    context: dict | None
    activity: dict[str, np.ndarray] | None
    synthesis: dict | None

    @property
    def result(self) -> dict:
        """The one on more images: what was calculated, if both are there."""
        return self.run if self.prediction is None else self.prediction


def read_folder(path: Path) -> RunFolder:
    """Return what a run folder holds; a name of a ``.json`` file in it stands for the folder.

    Raises :class:`ContentError` that names file and key, or ``OSError``.
    """
    path = Path(path)
    if path.name in (RUN, PREDICTION) and path.is_file():
        path = path.parent
    if not path.is_dir():
        raise NotADirectoryError(None, "Not a run folder" if path.exists() else
                                 "No such folder", str(path))
    run = _optional(path / RUN, RESULT | VERDICT)
    prediction = _optional(path / PREDICTION, RESULT | CALCULATED)
    if run is None and prediction is None:
        raise ContentError(f"{path}: must hold {RUN} or {PREDICTION}, as firstspike cosim and "
                           "firstspike predict write them")
    _check_same(path, run, prediction)
    if run and run.get("prediction"):
        check_content(run["prediction"], AGREEMENT, str(path / RUN), "prediction")
    if run and "chain" in run:
        check_content(run["chain"], CHAIN, str(path / RUN), "chain")
    context = _optional(path / CONTEXT, RECORD)
    if context is not None:
        names, layers = ([layer["name"] for layer in found["layers"]]
                         for found in (context["network"], run or prediction))
        if names != layers:
            raise ContentError(f"{path / CONTEXT}: is of another run: its layers are not those of "
                               "the result")
    synthesis = _optional(path / SYNTHESIS, SYNTHESISED)
    if synthesis is not None:
        known = {key: shape for key, shape in OF_TARGETS.items() if key in synthesis}
        check_content(synthesis, known | _figures(synthesis), str(path / SYNTHESIS))
    return RunFolder(path, run, prediction, context, _activity(path / ACTIVITY, context),
                     synthesis)


def _figures(synthesis: dict) -> dict:
    """Return the shape of sizes: what the whole has, each block has; blocks are means."""
    size = "luts" if synthesis["target"] == "ecp5" else "cells"
    whole = {name: float if name == "area_um2" else int for name in (size, *synthesis["total"])}
    blocks = {name: float for name in (size, *synthesis["total"]) if name != "memory_bits"}
    return {"total": whole, "blocks": [blocks]}


def _optional(path: Path, shape: dict) -> dict | None:
    return read_json(path, shape) if path.exists() else None


def _check_same(path: Path, run: dict | None, prediction: dict | None) -> None:
    if run and prediction:
        for key in ("network_sha256", "config_sha256"):
            if run[key] != prediction[key]:
                raise ContentError(f"{path}: {RUN} and {PREDICTION} must have one {key}, not "
                                   f"{run[key][:12]}… and {prediction[key][:12]}…")


def _activity(path: Path, context: dict | None) -> dict[str, np.ndarray] | None:
    """Return the arrays of ``activity.npz``, if it and the context are there."""
    if context is None or not path.exists():
        return None
    network = context["network"]
    hidden = [layer["name"] for layer in network["layers"][:-1]]
    names = [f"{name}.{kind}" for name in hidden for kind in ("histogram", "raster")]
    try:
        found = read_arrays(path, ["images", IMAGE, SCORES, *names], max_bytes=MAX_ACTIVITY_BYTES)
    except DataError as error:
        raise ContentError(str(error)) from None
    steps = network["numbers"]["window"] if network["neuron"] == "ttfs" else network["steps"]
    for name in hidden:
        shape = found[f"{name}.histogram"].shape
        if shape != (steps + 1,):
            raise ContentError(f"{path}: {name}.histogram must have shape {[steps + 1]}, "
                               f"not {list(shape)}")
    return found
