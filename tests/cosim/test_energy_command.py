"""``firstspike energy``: rows, components and layers of a result; other tables for its counts."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from cosim.cli import main
from cosim.energy import energy_uj, load_table
from cosim.energy.loading import SHIPPED
from cosim.measures import measures
from cosim.repricing import configuration_of
from hw.config import CONFIGURATIONS
from hw.counters import COUNTERS
from tests.networks import random_network

NETWORK, CONFIG = random_network(5), CONFIGURATIONS["demo"]
IDENTITY = {"network": NETWORK.name, "config": CONFIG.name,
            "config_sha256": CONFIG.sha256}


def result_of(seed: int) -> dict:
    counts = np.random.default_rng(seed).integers(
        1, 10**6, (len(NETWORK.layers), len(COUNTERS))) / 4
    return IDENTITY | measures(NETWORK, CONFIG, load_table(), counts)


def write(path: str, result: dict) -> dict:
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(json.dumps(result))
    return result


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def found(capsys, *arguments: str) -> dict:
    assert main(["energy", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_without_a_table_a_result_is_shown_as_it_is(capsys):
    expected = write("run/prediction.json", result_of(1))
    assert found(capsys, "run") == found(capsys, "run/prediction.json") == expected


def test_of_two_results_the_folder_stands_for_the_prediction(capsys):
    run = write("run/run.json", result_of(1))
    prediction = write("run/prediction.json", result_of(2))
    assert found(capsys, "run") == found(capsys, "run/prediction.json") == prediction
    assert found(capsys, "run/run.json") == run


@pytest.mark.parametrize("table", ["28nm", "45nm-horowitz"])
def test_counts_are_priced_again(table, capsys):
    before = write("run/prediction.json", result_of(1))
    after = found(capsys, "run", "--table", table)
    assert after["counts"] == before["counts"]
    assert after["energy_uj"] == energy_uj(before["counts"], CONFIG, load_table(table))
    assert [layer["energy_uj"]["table"] for layer in after["layers"]] == [table] * len(
        NETWORK.layers)
    assert (after == before) == (table == "28nm")


def test_a_table_of_ones_own(capsys):
    """Twice the energy of a product is twice that of the multiplier, and of nothing else."""
    before = write("run/prediction.json", result_of(1))
    content = yaml.safe_load((SHIPPED / "28nm.yaml").read_text())
    content["ERT"]["name"] = "own"
    for component in content["ERT"]["tables"]:
        if component["name"] == "log_multiplier":
            component["actions"][0]["energy_pJ"] *= 2
    Path("own.yaml").write_text(yaml.safe_dump(content))
    after = found(capsys, "run", "--table", "own.yaml")
    assert after["energy_uj"]["table"] == "own"
    assert after["components_uj"] == before["components_uj"] | {
        "multiplier": pytest.approx(2 * before["components_uj"]["multiplier"])}


def test_every_row_is_printed(capsys):
    result = write("run/prediction.json", result_of(1))
    assert main(["energy", "run"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    rows = result["energy_rows"]
    shown = lines[1:lines.index("")]
    assert sum("[" in line for line in shown) == len(rows)
    total = result["energy_uj"]["total"]
    for row in rows:
        assert any(line.startswith(row["component"].replace("_", " ").replace("dram", "DRAM"))
                   and f"{row['count']:,.0f} {row['energy_pj']:.5f} {row['energy_uj']:.4f} "
                       f"{row['energy_uj'] / total:.1%}" in line for line in shown), row
    assert f"total {total:.4f} 100.0%" in shown
    assert "* spike 5 bits wide: costs as much as 8 bits" in shown
    for name in (*(layer.name for layer in NETWORK.layers), "image"):
        assert any(line.split()[:1] == [name] for line in lines)
    for source in {row["source"] for row in rows}:
        assert any(line.startswith("[") and source in line for line in lines)
    assert any(line.startswith(f"{result['area_mm2']['total']:.4f} mm²: logic") for line in lines)
    assert any(line.startswith("with DRAM at 4, 8, 12.45 pJ a bit") for line in lines)


def test_rows_that_cost_nothing_are_left_out(capsys):
    counts = np.zeros((len(NETWORK.layers), len(COUNTERS)))
    write("run/prediction.json", IDENTITY | measures(NETWORK, CONFIG, load_table(), counts))
    assert main(["energy", "run"]) == 0
    assert "adder" not in capsys.readouterr().out


def without(key: str):
    return lambda result: result.pop(key)


@pytest.mark.parametrize(("change", "arguments", "reason"), [
    (without("counts"), [], "prediction.json: counts is missing"),
    (without("configuration"), ["--table", "28nm"], "configuration demo is not in the file"),
    (lambda result: result["configuration"].pop("numbers"), ["--table", "28nm"],
     "configuration demo: 'numbers'"),
    (lambda result: result["configuration"].update(lanes=3), ["--table", "28nm"],
     "lanes must be one of"),
    (lambda result: result["configuration"].update(lanes=8), ["--table", "28nm"],
     "configuration demo must have the hash"),
    (lambda result: None, ["--table", "14nm"], "energy table must be one of"),
    (lambda result: None, ["--table", "absent.yaml"], "absent.yaml: No such file"),
    (lambda result: None, ["--table", "45nm-int32-operations"], "log_multiplier.multiply is")])
def test_bad_input_is_one_line(change, arguments, reason, capsys):
    result = result_of(1)
    change(result)
    write("run/prediction.json", result)
    assert main(["energy", "run", *arguments]) == 2
    captured = capsys.readouterr()
    assert reason in captured.err and captured.err.count("\n") == 1 and not captured.out


def test_an_absent_folder_is_one_line(capsys):
    assert main(["energy", "absent"]) == 2
    assert "absent: No run.json or prediction.json" in capsys.readouterr().err


def test_the_configuration_of_a_result_is_whole():
    assert configuration_of(result_of(1)) == CONFIG
