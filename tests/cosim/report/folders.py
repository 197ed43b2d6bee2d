"""Run folders without a simulation: random counts of a random network."""

import json
from pathlib import Path

import numpy as np

from cosim.energy import load_table
from cosim.images import ImageSet
from cosim.measures import measures
from cosim.record import write_record
from cosim.run import run_result, write_run
from cosim.simulator import Simulation
from cosim.verify import Verification
from hw.config import CONFIGURATIONS
from hw.counters import COUNTERS
from hw.network import Network, fingerprint, save_network
from tests.networks import random_images, random_network

__all__ = ["change", "network_with_layers", "write_prediction", "write_run_folder"]

COMMAND = "firstspike cosim net.safetensors --images images.npz"


def network_with_layers(seed: int, neuron: str, **most) -> Network:
    """Return the first random network from ``seed`` on that has hidden layers."""
    while True:
        network = random_network(seed, scope="format", neuron=neuron, **most)
        if len(network.layers) > 1:
            return network
        seed += 1


def write_run_folder(folder: Path, *, seed=5, neuron="ttfs", images=4, labels=True, wrong=0,
                     source="images.npz", config="tiny") -> dict:
    """Write a run folder of random counts, with its record; return its ``run.json``.

    Of ``wrong`` images the scores differ from those of the golden model.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network = network_with_layers(seed, neuron)
    save_network(network, folder / "net.safetensors")
    rng = np.random.default_rng(seed)
    scores = rng.integers(-99, 99, (images, network.layers[-1].channels))
    found = scores.copy()
    found[:wrong] += 1
    simulation = Simulation(scores=found, counts=_counts(rng, images, network), trace=None,
                            build_seconds=1.5, run_seconds=2.0, clock_cycles=5000)
    verification = Verification(network, CONFIGURATIONS[config], scores, None, simulation,
                                {"equal_images": len(scores), "first_difference": None})
    image_set = ImageSet(source, random_images(seed, network, images),
                         scores.argmax(axis=1) if labels else None)
    result = run_result(verification, image_set, load_table(),
                        network_sha256=fingerprint(folder / "net.safetensors"))
    write_record(folder, network, folder / "net.safetensors", CONFIGURATIONS[config], image_set,
                 command=COMMAND)
    write_run(folder, result, verification)
    return result


def write_prediction(folder: Path, run: dict, *, seed=9, images=1000) -> dict:
    """Write a ``prediction.json`` of other counts beside ``run.json``, and return it."""
    rng, layers = np.random.default_rng(seed), [layer["name"] for layer in run["layers"]]
    network = network_with_layers(5, "ttfs")
    assert [layer.name for layer in network.layers] == layers
    counts = _counts(rng, 1, network)[0].astype(float)
    result = {key: run[key] for key in ("network", "network_sha256", "config", "config_sha256",
                                        "versions")}
    result |= measures(network, CONFIGURATIONS[run["config"]], load_table(), counts)
    result |= {"images": images, "images_from": "cifar10:test", "accuracy": 0.75,
               "cycles_of_images": {"least": 10, "median": 20.5, "percentile_99": 29.0,
                                    "most": 30}}
    (folder / "prediction.json").write_text(json.dumps(result))
    return result


def change(path: Path, *keys, value) -> None:
    """Set a value in a JSON file; ``KeyError`` in place of a value removes it."""
    content = json.loads(path.read_text())
    place = content
    for key in keys[:-1]:
        place = place[key]
    if value is KeyError:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    path.write_text(json.dumps(content))


def _counts(rng, images: int, network: Network) -> np.ndarray:
    """Return counts int [images, layers, counters]; what cycles are spent on is less than all."""
    counts = rng.integers(1, 1000, (images, len(network.layers), len(COUNTERS)))
    place = {name: index for index, name in enumerate(COUNTERS)}
    inside = sum(counts[..., place[name]]
                 for name in ("events", "queue_stall_cycles", "weight_stall_cycles"))
    counts[..., place["integration_cycles"]] += inside
    counts[..., place["cycles"]] += counts[..., [place["integration_cycles"],
                                                 place["dram_stall_cycles"]]].sum(axis=-1)
    return counts
