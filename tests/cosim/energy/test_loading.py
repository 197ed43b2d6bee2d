"""Energy tables: the shipped ones, and what loading refuses."""

import re
from copy import deepcopy
from functools import cache
from itertools import product
from pathlib import Path

import pytest
import yaml

from cosim.energy import TableError, load_table
from cosim.energy.loading import AREA, ENERGY, SHIPPED, TEXTS

SHIPPED_FILE = SHIPPED / "28nm.yaml"
HARDWARE = ("28nm", "45nm-horowitz")


@cache
def small() -> dict:
    """The shipped table with two sizes of memories only."""
    content = yaml.safe_load(SHIPPED_FILE.read_text())
    for name, kind in product(("sram", "sram_1r1w"), ("ERT", "ART")):
        rows = rows_of(content, name, kind)
        rows[:] = [row for row in rows if row["arguments"]["bytes"] <= 512]
    return content


def spoiled(tmp_path: Path, change) -> str:
    content = deepcopy(small())
    change(content)
    path = tmp_path / "spoiled.yaml"
    path.write_text(yaml.safe_dump(content))
    return str(path)


def first_action(content: dict) -> dict:
    return content["ERT"]["tables"][0]["actions"][0]


def rows_of(content: dict, name: str, kind: str = "ERT") -> list:
    table = next(table for table in content[kind]["tables"] if table["name"] == name)
    return table["actions" if kind == "ERT" else "areas"]


def test_shipped_tables_load_and_say_their_sources():
    names = [path.stem for path in SHIPPED.glob("*.yaml")]
    assert set(HARDWARE) < set(names)
    for name in names:
        table = load_table(name)
        assert table.name == name
        entries = [entry for group in (*table.entries.values(), *table.areas.values())
                   for entry in group]
        assert len(entries) == 2 if name.endswith("-operations") else len(entries) > 150
        assert all(len(entry.source) > 10 for entry in entries)


def test_figures_of_horowitz_are_his():
    """45 nm, in pJ: what the slide of ISSCC 2014 says, and nothing else is called literature."""
    table = load_table("45nm-horowitz")
    given = {(entry.component, entry.action, entry.width_bits, entry.size_bytes): entry.energy_pj
             for group in table.entries.values() for entry in group
             if entry.method == "literature" and "Horowitz" in entry.source}
    assert given == {
        ("adder", "add", 32, None): 0.1, ("dram", "read", 64, None): 1300,
        ("dram_highest", "read", 64, None): 2600, ("sram", "read", 64, 8 << 10): 10,
        ("sram", "read", 64, 32 << 10): 20, ("sram", "read", 64, 1 << 20): 100}


def test_floating_point_figures_are_for_floating_point():
    """0.9 pJ is an FP32 addition, 3.7 pJ an FP32 and 3.1 pJ an INT32 multiplication at 45 nm."""
    floating, integer = (load_table(f"45nm-{kind}-operations").entries
                         for kind in ("fp32", "int32"))
    assert {key: found[0].energy_pj for key, found in floating.items()} == {
        ("fp_adder", "add"): 0.9, ("fp_multiplier", "multiply"): 3.7}
    assert {key: found[0].energy_pj for key, found in integer.items()} == {
        ("adder", "add"): 0.1, ("multiplier", "multiply"): 3.1}
    for name in HARDWARE:
        components = {component for component, _ in load_table(name).entries}
        assert not [name for name in components if name.startswith("fp")]
        addition = load_table(name).logic("adder", "add", bits=32)
        assert addition.energy_pj < 0.2, "an integer addition, not one of floating point"


@pytest.mark.parametrize("key", ENERGY + TEXTS)
def test_an_entry_without_a_field_is_refused_by_name(key, tmp_path):
    path = spoiled(tmp_path, lambda content: first_action(content).pop(key))
    with pytest.raises(TableError, match=f"{re.escape(path)}: adder.add: {key} is missing"):
        load_table(path)


@pytest.mark.parametrize("key", AREA + TEXTS)
def test_an_area_without_a_field_is_refused_by_name(key, tmp_path):
    path = spoiled(tmp_path, lambda content: rows_of(content, "sram", "ART")[0].pop(key))
    with pytest.raises(TableError, match=rf"area of sram \(256 bytes, .* bits\): {key} is missing"):
        load_table(path)


@pytest.mark.parametrize(("key", "value"), [
    ("energy_pJ", -1), ("energy_pJ", "0.1"), ("energy_pJ", float("nan")), ("energy_pJ", True),
    ("energy_pJ", float("inf")), ("energy_pJ", [1]), ("energy_pJ", None), ("width_bits", 0),
    ("voltage", True), ("node_nm", "28"), ("method", "guess"), ("method", []), ("source", " "),
    ("source", 5)])
def test_a_wrong_value_is_refused_by_name(key, value, tmp_path):
    path = spoiled(tmp_path, lambda content: first_action(content).update({key: value}))
    with pytest.raises(TableError, match=rf"adder\.add: .*{key}"):
        load_table(path)


@pytest.mark.parametrize(("change", "message"), [
    # Another unit.
    (lambda content: first_action(content).update(energy_nJ=first_action(content).pop("energy_pJ")),
     r"adder\.add: unknown key 'energy_nJ' .*energy_pJ"),
    (lambda content: first_action(content).update(arguments={"kilobytes": 1}),
     r"adder\.add: arguments: unknown key 'kilobytes'"),
    (lambda content: first_action(content).update(arguments=[1]), r"arguments: unknown key 1"),
    (lambda content: first_action(content).update(arguments=3), "not an energy reference table"),
    (lambda content: first_action(content).update(name=3), "name must be text, not 3"),
    (lambda content: content["ERT"].update(clock_GHz=0.4), "ERT: unknown key 'clock_GHz'"),
    (lambda content: content["ERT"].update(clock_MHz="400"), "clock_MHz must be a positive number"),
    (lambda content: content.update(art={}), "the file: unknown key 'art'"),
    (lambda content: rows_of(content, "sram")[4].pop("arguments"),
     r"sram\.\w+: arguments must have bytes"),
    (lambda content: rows_of(content, "sram")[4]["arguments"].update(bytes=-3),
     r"sram\.\w+ \(-3 bytes, .*bytes must be a positive number"),
    # A size or a width that only some entries have, and one there twice.
    (lambda content: rows_of(content, "sram").pop(3), r"sram\.write must have one entry for each "
     "size and width, not 0 for 256 bytes and 16 bits"),
    (lambda content: rows_of(content, "sram").append(dict(rows_of(content, "sram")[3])),
     "not 2 for 256 bytes and 16 bits"),
    (lambda content: rows_of(content, "sram", "ART").pop(), r"sram must have one entry for each"),
    (lambda content: rows_of(content, "adder").append(dict(first_action(content))),
     r"adder\.add must have one entry, not 2")])
def test_other_mistakes_are_refused_by_name(change, message, tmp_path):
    path = spoiled(tmp_path, change)
    with pytest.raises(TableError, match=message) as error:
        load_table(path)
    assert "\n" not in str(error.value) and path in str(error.value)


def test_a_key_that_is_there_twice_is_refused(tmp_path):
    path = tmp_path / "twice.yaml"
    text = SHIPPED_FILE.read_text()
    path.write_text(text.replace("energy_pJ: 0.093", "energy_pJ: 0.093, energy_pJ: 0.93"))
    with pytest.raises(TableError, match=r"twice.yaml: not YAML \(key 'energy_pJ' is there twice"):
        load_table(str(path))
    path.write_text(text)
    assert load_table(str(path)).name == "28nm"


@pytest.mark.parametrize("text", [
    "", "[]", "ERT: {}", "ERT: {tables: 3}", "{", "ERT: 5", "? [1]\n: 2", "\0",
    "ERT: {name: a, clock_MHz: 0, tables: []}",
    "ERT: {name: a, clock_MHz: 1, tables: [{name: x, actions: [1]}]}",
    "ERT: {name: a, clock_MHz: 1, tables: []}\nART: 3"])
def test_other_files_are_refused_in_one_line(text, tmp_path):
    path = tmp_path / "other.yaml"
    path.write_text(text)
    with pytest.raises(TableError) as error:
        load_table(str(path))
    assert "\n" not in str(error.value) and str(path) in str(error.value)


def test_an_unknown_name_lists_the_shipped_ones():
    with pytest.raises(TableError, match=r"one of 28nm, 45nm-fp32-operations, 45nm-horowitz, "
                                         r"45nm-int32-operations or a \.yaml file, not '14nm'"):
        load_table("14nm")
