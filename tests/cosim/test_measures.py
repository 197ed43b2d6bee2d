"""What is said of counts: keys, means, and the same for every way to come by counts."""

import math

import numpy as np
import pytest

from cosim.energy import COMPONENTS, area_mm2, components_uj, energy_rows, energy_uj, load_table
from cosim.measures import measures
from hw.config import CONFIGURATIONS, Configuration
from hw.counters import COUNTERS
from hw.numbers import NumberFormat
from tests.networks import random_network

TABLE, CONFIG = load_table(), CONFIGURATIONS["tiny"]
NETWORK = random_network(5)
KEYS = {"layers", "utilisation", "counts", "energy_uj", "components_uj", "energy_rows",
        "dram_sensitivity_uj", "area_mm2", "clock_mhz", "frames_per_second", "configuration"}


@pytest.fixture
def counts():
    shape = len(NETWORK.layers), len(COUNTERS)
    return np.random.default_rng(2).integers(1, 1000, shape) / 4


def test_keys(counts):
    found = measures(NETWORK, CONFIG, TABLE, counts)
    assert set(found) == KEYS
    assert [layer["name"] for layer in found["layers"]] == [layer.name for layer in NETWORK.layers]
    for layer in found["layers"]:
        assert set(layer) == {"name", "cycles", "utilisation", "counts", "energy_uj",
                              "components_uj"}


def test_layers_and_their_sum_are_priced(counts):
    found = measures(NETWORK, CONFIG, TABLE, counts)
    for row, part in (*zip(counts, found["layers"], strict=True), (counts.sum(axis=0), found)):
        named = dict(zip(COUNTERS, row.tolist(), strict=True))
        assert part["counts"] == named
        assert part["energy_uj"] == energy_uj(named, CONFIG, TABLE)
        assert part["components_uj"] == components_uj(named, CONFIG, TABLE)
        assert part["utilisation"] == pytest.approx(
            named["synaptic_operations"] / named["cycles"] / CONFIG.lanes)
    assert [layer["cycles"] for layer in found["layers"]] == [
        layer["counts"]["cycles"] for layer in found["layers"]]
    assert found["energy_rows"] == energy_rows(found["counts"], CONFIG, TABLE)
    assert found["area_mm2"] == area_mm2(CONFIG, TABLE)
    assert set(found["components_uj"]) == set(COMPONENTS)
    assert found["energy_uj"]["total"] == math.fsum(
        row["energy_uj"] for row in found["energy_rows"])


def test_frames_per_second_are_those_of_the_clock(counts):
    found = measures(NETWORK, CONFIG, TABLE, counts)
    assert found["clock_mhz"] == 400
    assert found["frames_per_second"] == pytest.approx(400e6 / found["counts"]["cycles"])
    assert measures(NETWORK, CONFIG, TABLE, counts * 0)["frames_per_second"] == 0


def test_integer_counts_do_too(counts):
    whole = (4 * counts).astype(np.int64)
    assert measures(NETWORK, CONFIG, TABLE, whole) == measures(NETWORK, CONFIG, TABLE, 4 * counts)


def test_the_configuration_can_be_rebuilt(counts):
    fields = measures(NETWORK, CONFIG, TABLE, counts)["configuration"]
    assert Configuration(**fields | {"numbers": NumberFormat(**fields["numbers"])}) == CONFIG


def test_other_numbers_of_layers_are_refused(counts):
    with pytest.raises(ValueError, match="zip"):
        measures(NETWORK, CONFIG, TABLE, counts[1:])
