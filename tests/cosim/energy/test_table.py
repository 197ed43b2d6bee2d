"""Energy tables: the shipped one, interpolation between its entries, and what loading refuses."""

import re
from pathlib import Path

import pytest
import yaml

from cosim.energy import TableError, load_table
from cosim.energy.table import NUMBERS, SHIPPED, TEXTS

SHIPPED_FILE = SHIPPED / "28nm.yaml"


@pytest.fixture(scope="module")
def table():
    return load_table("28nm")


def spoiled(tmp_path: Path, change) -> str:
    content = yaml.safe_load(SHIPPED_FILE.read_text())
    change(content["ERT"])
    path = tmp_path / "spoiled.yaml"
    path.write_text(yaml.safe_dump(content))
    return str(path)


def first_action(content: dict) -> dict:
    return content["tables"][0]["actions"][0]


def test_shipped_tables_load_and_say_their_sources():
    names = [path.stem for path in SHIPPED.glob("*.yaml")]
    assert names
    for name in names:
        table = load_table(name)
        assert table.name == name
        entries = [entry for group in table.entries.values() for entry in group]
        assert len(entries) == 2 if name.endswith("-operations") else len(entries) > 20
        assert all(len(entry.source) > 10 for entry in entries)


@pytest.mark.parametrize(("size", "bits", "action", "energy"), [
    (1024, 32, "read", 0.55), (8192, 64, "write", 3.27), (524288, 64, "read", 27.0),
    (147456, 32, "read", 7.4), (64, 16, "write", 0.085)])
def test_an_entry_is_its_own_value(table, size, bits, action, energy):
    found = table.memory_energy_pj("weight", action, size_bytes=size, bits=bits)
    assert found == pytest.approx(energy)


def test_between_entries_a_bit_costs_the_geometric_mean(table):
    # Halfway in log(size) between 32 KB (6.47/64) and 64 KB (9.99/64), a port of 10 bits.
    found = table.memory_energy_pj("weight", "read", size_bytes=32768 * 2 ** 0.5, bits=10)
    assert found == pytest.approx(10 * (6.47 / 64 * 9.99 / 64) ** 0.5)


def test_the_smallest_entry_holds_below(table):
    assert table.memory_energy_pj("spike", "read", size_bytes=3, bits=5) == pytest.approx(
        0.085 / 16 * 5)


def test_nothing_is_extrapolated_above(table):
    with pytest.raises(TableError, match=r"28nm: the weight memory has 512\.1 KB.*above 512 KB"):
        table.memory_energy_pj("weight", "read", size_bytes=524400, bits=10)


@pytest.mark.parametrize("key", NUMBERS + TEXTS)
def test_an_entry_without_a_field_is_refused_by_name(key, tmp_path):
    path = spoiled(tmp_path, lambda content: first_action(content).pop(key))
    with pytest.raises(TableError, match=f"{re.escape(path)}: adder.add: {key} is missing"):
        load_table(path)


@pytest.mark.parametrize(("key", "value"), [
    ("energy_pJ", -1), ("energy_pJ", "0.1"), ("energy_pJ", float("nan")), ("width_bits", 0),
    ("voltage", True), ("method", "guess"), ("source", " "), ("energy", 1)])
def test_a_wrong_value_is_refused_by_name(key, value, tmp_path):
    path = spoiled(tmp_path, lambda content: first_action(content).update({key: value}))
    with pytest.raises(TableError, match=rf"adder\.add: .*{key}"):
        load_table(path)


def test_two_entries_for_one_size_are_refused(tmp_path):
    def double(content):
        memory = next(entry for entry in content["tables"] if entry["name"] == "memory")
        memory["actions"].append(dict(memory["actions"][4]))
    with pytest.raises(TableError, match=r"memory\.read must have one entry for each size"):
        load_table(spoiled(tmp_path, double))


@pytest.mark.parametrize("text", [
    "", "[]", "ERT: {}", "ERT: {tables: 3}", "{", "ERT: 5",
    "ERT: {name: a, clock_MHz: 0, tables: []}",
    "ERT: {name: a, clock_MHz: 1, tables: [{name: x, actions: [1]}]}"])
def test_other_files_are_refused_in_one_line(text, tmp_path):
    path = tmp_path / "other.yaml"
    path.write_text(text)
    with pytest.raises(TableError) as error:
        load_table(str(path))
    assert "\n" not in str(error.value) and str(path) in str(error.value)


def test_an_unknown_name_lists_the_shipped_ones():
    with pytest.raises(TableError, match=r"one of 28nm, 45nm-fp32-operations, "
                                         r"45nm-int32-operations or a \.yaml file, not '14nm'"):
        load_table("14nm")
