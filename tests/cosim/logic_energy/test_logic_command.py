"""``firstspike logic``: energy of gates on a real run, and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest

from cosim.cli import main
from cosim.logic_energy import measurement
from cosim.prediction import predict
from hw.compiler import compile_network
from hw.config import load_configuration
from hw.counters import COUNTERS
from hw.network import save_network
from hw.numbers import NumberFormat
from tests.networks import random_images, random_network

from .library import LIBRARY

SEED, IMAGES = 11, 2
OPERATIONS = list(COUNTERS).index("synaptic_operations")


@pytest.fixture
def network(elsewhere, tmp_path):
    """A network, images and a library in an empty folder; simulation models are shared."""
    network = random_network(SEED, numbers=NumberFormat())
    save_network(network, tmp_path / "net.safetensors")
    np.savez(tmp_path / "images.npz", images=random_images(SEED, network, IMAGES))
    (tmp_path / "few.lib").write_text(LIBRARY)
    return network


def arguments(*more: str) -> list[str]:
    return ["logic", "net.safetensors", "--images", "images.npz", "--library", "few.lib", "-n",
            str(IMAGES), *more]


@pytest.mark.rtl
@pytest.mark.slow
@pytest.mark.xdist_group("commands")
def test_gates_do_what_the_rtl_does_and_every_operation_is_one(network, capsys, monkeypatch):
    assert main(arguments("--node", "45", "-o", "out", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert json.loads(Path("out/logic.json").read_text()) == found
    program = compile_network(network, load_configuration("tiny", network.numbers))
    counts = predict(program, random_images(SEED, network, IMAGES)).counts
    assert [layer["operations"] for layer in found["layers"]] == (
        counts[:, :, OPERATIONS].sum(axis=0).tolist())
    states, everything = found["states"][:-1], found["states"][-1]
    assert everything["lane_cycles"] == sum(state["lane_cycles"] for state in states)
    assert everything["total"] * everything["lane_cycles"] == pytest.approx(
        1000 * sum(layer["energy_nj"] for layer in found["layers"]))
    for state in states:
        assert state["total"] == pytest.approx(
            sum(block[state["state"]] for block in found["blocks"]))
        assert 0 < state["gated_clock"] < state["clock"] and state["glitches"] > 0
    assert states[0]["switching"] > states[1]["switching"] > 0      # adding, waiting

    mapped = measurement.map_lane

    def with_a_wrong_cell(*args, **kwargs):
        module = mapped(*args, **kwargs)
        name = next(name for name, cell in module["cells"].items()
                    if "multiplier" in name and cell["type"] == "inv")
        module["cells"][name]["type"] = "buf"
        return module

    monkeypatch.setattr(measurement, "map_lane", with_a_wrong_cell)
    assert main(arguments()) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("firstspike: the netlist of lane ") and "differs from the RTL" in error


@pytest.mark.parametrize("more, complaint", [
    (["--library", "none.lib"], "none.lib: No such file or directory"),
    (["--library", "images.npz"], "images.npz: not a Liberty file"),
    (["--lanes", "5"], "lanes must be 1 to 4 with configuration tiny, not 5"),
    (["--node", "180"], "node must be 7 to 130 nm, not 180"),
    (["--config", "huge"], "config must be one of"),
    (["-o", "few.lib"], "few.lib: Not a directory")])
def test_bad_input_is_one_line(network, capsys, more, complaint):
    assert main(arguments(*more)) == 2
    error = capsys.readouterr().err
    assert complaint in error and error.count("\n") == 1
