"""Action counts: Accelergy's schema, and the total that follows from them by arithmetic."""

import numpy as np
import pytest
import yaml

from cosim.energy import energy_rows, energy_uj, load_table
from cosim.energy.action_counts import ACTION_COUNTS, action_counts, write_action_counts
from cosim.energy.loading import SHIPPED
from hw.config import CONFIGURATIONS
from hw.counters import COUNTERS

from .arithmetic import total_uj


def random_counts(seed: int) -> dict[str, float]:
    numbers = np.random.default_rng(seed).integers(0, 10**6, len(COUNTERS)) / 3
    return dict(zip(COUNTERS, numbers.tolist(), strict=True))


@pytest.mark.parametrize("table", ["28nm", "45nm-horowitz"])
@pytest.mark.parametrize("config", CONFIGURATIONS)
def test_the_total_follows_by_arithmetic(config, table, tmp_path):
    counts, processor = random_counts(7), CONFIGURATIONS[config]
    write_action_counts(tmp_path, energy_rows(counts, processor, load_table(table)))
    assert total_uj(tmp_path / ACTION_COUNTS, SHIPPED / f"{table}.yaml") == pytest.approx(
        energy_uj(counts, processor, load_table(table))["total"], rel=1e-9)


@pytest.mark.parametrize("counter", [name for name in COUNTERS if name in {
    row["counter"] for row in energy_rows(random_counts(1), CONFIGURATIONS["demo"], load_table())}])
def test_each_count_is_in_the_file(counter, tmp_path):
    """One count alone, so that none can stand for another."""
    counts, table = dict.fromkeys(COUNTERS, 0.0) | {counter: 1e6}, load_table()
    write_action_counts(tmp_path, energy_rows(counts, CONFIGURATIONS["demo"], table))
    assert total_uj(tmp_path / ACTION_COUNTS, SHIPPED / "28nm.yaml") == pytest.approx(
        energy_uj(counts, CONFIGURATIONS["demo"], table)["total"], rel=1e-9) != 0


def test_the_schema_is_accelergys():
    counts = random_counts(3)
    rows = energy_rows(counts, CONFIGURATIONS["vgg"], load_table())
    found = action_counts(rows)
    assert yaml.safe_load(yaml.safe_dump(found)) == found
    assert set(found) == {"action_counts"}
    assert set(found["action_counts"]) == {"version", "local"}
    table = yaml.safe_load((SHIPPED / "28nm.yaml").read_text())
    known = {component["name"] for kind in ("ERT", "ART") for component in table[kind]["tables"]}
    for component in found["action_counts"]["local"]:
        assert set(component) == {"name", "action_counts"} and component["name"] in known
        places = [(action["name"], tuple(action["arguments"].items()))
                  for action in component["action_counts"]]
        assert len(set(places)) == len(places)
        for action in component["action_counts"]:
            assert set(action) == {"name", "arguments", "counts"}
            assert set(action["arguments"]) <= {"width_bits", "bytes"}


def test_counts_are_those_of_the_rows():
    """Additions of 24 bits: one for each operation, one for each neuron."""
    counts = random_counts(4)
    found = action_counts(energy_rows(counts, CONFIGURATIONS["vgg"], load_table()))
    adder = next(entry for entry in found["action_counts"]["local"] if entry["name"] == "adder")
    assert {action["arguments"]["width_bits"]: action["counts"]
            for action in adder["action_counts"]} == {
        24: pytest.approx(counts["synaptic_operations"] + counts["neuron_updates"]),
        16: pytest.approx(counts["neuron_updates"] + counts["events"])}
