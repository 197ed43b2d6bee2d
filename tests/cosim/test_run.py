"""The run folder: exact keys, means over images, and totals that layers add up to."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from cosim.energy import energy_uj, load_table
from cosim.images import ImageSet
from cosim.run import RUN_FILES, run_result, write_run
from cosim.simulator import Simulation
from cosim.verify import Verification
from hw.config import CONFIGURATIONS
from hw.counters import COUNTERS
from tests.networks import random_images, random_network

SEED, IMAGES = 5, 4
KEYS = {"network", "network_sha256", "config", "config_sha256", "images", "bit_exact",
        "first_divergence", "accuracy", "simulation", "layers", "counts", "energy_uj"}
COUNTS = {"cycles", "synaptic_operations", "weight_reads", "weight_read_bits", "pointer_reads",
          "weight_buffer_reads", "potential_reads", "potential_writes", "spike_reads",
          "spike_writes", "bias_reads", "events", "queue_stall_cycles", "lane_idle_cycles",
          "dram_read_bits", "pixel_reads", "weight_buffer_writes", "queue_writes",
          "neuron_updates", "integration_cycles"}
ENERGIES = {"table", "compute", "weight_memory", "potential_memory", "spike_memory", "control",
            "leakage", "dram", "total_on_chip", "total"}
TABLE = load_table()


@pytest.fixture
def verification():
    network = random_network(SEED)
    layers, rng = len(network.layers), np.random.default_rng(SEED)
    scores = rng.integers(-99, 99, (IMAGES, network.layers[-1].channels))
    name = network.layers[0].name
    trace = {f"{name}.potential": rng.integers(-9, 9, (IMAGES, 2, 3, 3)).astype(np.int32)}
    simulation = Simulation(
        scores=scores.copy(), counts=rng.integers(0, 1000, (IMAGES, layers, len(COUNTERS))),
        trace=trace, build_seconds=1.5, run_seconds=2.0, clock_cycles=5000)
    expected = {key: value.copy() for key, value in trace.items()}
    return Verification(network, CONFIGURATIONS["tiny"], scores, expected, simulation,
                        {"equal_images": IMAGES, "first_difference": None})


def images_of(verification, labels=None) -> ImageSet:
    return ImageSet("some.npz", random_images(SEED, verification.network, IMAGES), labels)


def result_of(verification, labels=None) -> dict:
    return run_result(verification, images_of(verification, labels), TABLE, network_sha256="ab")


def test_keys_are_those_of_the_contract(verification):
    result = result_of(verification)
    assert set(result) >= KEYS
    assert set(result["simulation"]) == {"build_seconds", "run_seconds", "cycles_per_second"}
    for part in (result, *result["layers"]):
        assert set(part["counts"]) == set(COUNTERS) and set(COUNTERS) >= COUNTS
        assert set(part["energy_uj"]) == ENERGIES
    assert [layer["name"] for layer in result["layers"]] == [
        layer.name for layer in verification.network.layers]


def test_figures_are_means_over_images(verification):
    result, counts = result_of(verification), verification.simulation.counts
    for index, name in enumerate(COUNTERS):
        assert result["counts"][name] == pytest.approx(counts[:, :, index].sum() / IMAGES)
        assert result["layers"][0]["counts"][name] == pytest.approx(counts[:, 0, index].mean())
    assert result["layers"][0]["cycles"] == result["layers"][0]["counts"]["cycles"]
    lanes = verification.config.lanes
    for part in (result, *result["layers"]):
        assert part["utilisation"] == pytest.approx(
            part["counts"]["synaptic_operations"] / lanes / part["counts"]["cycles"])
    assert result["simulation"]["cycles_per_second"] == 2500
    assert result["energy_uj"] == energy_uj(result["counts"], verification.config, TABLE)
    assert result["energy_uj"]["total"] == pytest.approx(
        sum(layer["energy_uj"]["total"] for layer in result["layers"]))


def test_accuracy_is_that_of_the_rtl(verification):
    assert result_of(verification)["accuracy"] is None
    labels = verification.simulation.scores.argmax(axis=1)
    labels[0] += 1
    assert result_of(verification, labels)["accuracy"] == 0.75


def test_equal_sides_are_bit_exact(verification):
    result = result_of(verification)
    assert result["bit_exact"] is True and result["first_divergence"] is None
    assert result["bit_exact_images"] == IMAGES


def test_a_difference_is_named(verification):
    name = verification.network.layers[0].name
    wrong = verification.expected_trace[f"{name}.potential"]
    wrong[2, 1, 0, 2] += 5
    result = result_of(verification)
    assert result["bit_exact"] is False and result["bit_exact_images"] == IMAGES - 1
    place = result["first_divergence"]
    assert (place["image"], place["layer"], place["field"]) == (2, name, "potential")
    assert (place["channel"], place["row"], place["column"]) == (1, 0, 2)
    assert place["expected"] - place["found"] == 5


def test_identity_is_the_configurations(verification):
    result = result_of(verification)
    assert result["network_sha256"] == "ab"
    assert result["config_sha256"] == verification.config.sha256
    assert len(result["config_sha256"]) == len(hashlib.sha256().hexdigest())


def test_folder_holds_result_and_trace(verification, tmp_path):
    result = result_of(verification)
    write_run(tmp_path, result, verification)
    assert {path.name for path in tmp_path.iterdir()} == set(RUN_FILES)
    assert json.loads((tmp_path / "run.json").read_text()) == result
    with np.load(tmp_path / "trace.npz") as arrays:
        assert set(arrays) == {"scores", *verification.simulation.trace}
        assert (arrays["scores"] == verification.simulation.scores).all()


def test_folder_without_trace(verification, tmp_path):
    bare = replace(verification, expected_trace=None,
                   simulation=replace(verification.simulation, trace=None))
    result = result_of(bare)
    write_run(tmp_path, result, bare)
    assert {path.name for path in tmp_path.iterdir()} == {"run.json", "action_counts.yaml"}
    assert result["traced"] is False and result["bit_exact"] is True
