"""A trained network made ready to give away: compressed, with where it comes from and what it does.

The integers are judged on the whole test part, so that what a file claims is what its owner gets.
"""

import os
import platform
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hw.network import Network, load_network, save_network

from ..coding import pixel_values
from ..data import load_split
from ..golden import infer_events
from .checkpoint import load_checkpoint, model_of
from .evaluation import predictions_of
from .job import Progress
from .log import read_log
from .stages import LOG
from .train import NETWORK

__all__ = ["SUFFIX", "Shipment", "ship"]

SUFFIX = ".safetensors.xz"
CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, eq=False)
class Shipment:
    """A network that was made ready; ``accuracy`` and ``agreement`` are those in its provenance.

    ``agreement`` is the fraction of test images that integers and training network put into the
    same class.
    """

    path: Path
    network: Network
    accuracy: dict
    agreement: float


def ship(folders: list[Path], out_dir: Path, *, data_dir: Path | None = None,
         date: str = "", progress: Progress | None = None) -> Shipment:
    """Write the network of the first training folder to ``out_dir``/NAME.safetensors.xz.

    The other folders are trainings of the same recipe from other seeds: all networks are tested,
    and mean and standard deviation go into the provenance. Raises ``ValueError`` if they are not.
    """
    trained = [_tested(Path(folder), data_dir, progress) for folder in folders]
    _check_seeds(folders, [network for network, _ in trained])
    network, tested = trained[0]
    log = [entry for entry in read_log(Path(folders[0]) / LOG) if "seconds" in entry]
    accuracy = {**network.provenance["accuracy"], **tested["accuracy"]}
    if len(trained) > 1:
        tests = [found["accuracy"]["test"] for _, found in trained]
        accuracy["seeds"] = {
            "seeds": [other.provenance["seed"] for other, _ in trained], "test": tests,
            "mean": float(np.mean(tests)), "std": float(np.std(tests, ddof=1))}
    provenance = {
        **network.provenance, "accuracy": accuracy, "agreement": tested["agreement"],
        "machine": machine(), "training_seconds": round(sum(entry["seconds"] for entry in log)),
        "epochs": len(log), **({"date": date} if date else {})}
    path = Path(out_dir) / f"{network.name}{SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_network(replace(network, provenance=provenance), path)
    return Shipment(path, network, accuracy, tested["agreement"])


def machine() -> str:
    """Return this machine in words: processor, cores."""
    lines = CPU_INFO.read_text().splitlines() if CPU_INFO.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores"


def _tested(folder: Path, data_dir: Path | None,
            progress: Progress | None) -> tuple[Network, dict]:
    """Return a folder's network, and what its integers and its training network do."""
    network = load_network(folder / NETWORK)
    settings = network.provenance["settings"]
    test = load_split(f"{settings['dataset']}:test", data_dir=data_dir)
    integer = infer_events(network, test.images, progress=progress).predictions
    checkpoint = load_checkpoint(folder / f"{list(settings['stages'])[-1]}.safetensors")
    worth = pixel_values(network.exponents, network.numbers)
    trained = predictions_of(model_of(checkpoint, network.numbers), worth, test.images)
    return network, {
        "accuracy": {"test": float((integer == test.labels).mean()),
                     "test_of_training_network": float((trained == test.labels).mean()),
                     "images": len(test.labels)},
        "agreement": float((integer == trained).mean())}


def _check_seeds(folders: list[Path], networks: list[Network]) -> None:
    settings = [dict(network.provenance["settings"]) for network in networks]
    seeds = [entry.pop("seed") for entry in settings]
    for folder, entry in zip(folders, settings, strict=True):
        if entry != settings[0]:
            raise ValueError(f"{folder}: its recipe must be that of {folders[0]} but for the seed")
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"trainings must differ in their seed, which are {seeds}")
