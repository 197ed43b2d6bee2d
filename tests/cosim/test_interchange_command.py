"""``firstspike export`` of NIR graphs and to them: files, options, refusals, one on the RTL."""

import json
from pathlib import Path

import numpy as np
import pytest

from algo.interchange.file import save_graph
from cosim.cli import main
from hw.network import load_network, save_network
from tests.algo.interchange.graphs import convolutional, perceptron
from tests.algo.interchange.test_reading import pool
from tests.networks import random_network

STEPS = ["--steps", "3"]


@pytest.fixture(autouse=True)
def graphs(tmp_path, monkeypatch):
    """Write graphs and networks into an empty folder."""
    monkeypatch.chdir(tmp_path)
    save_graph(perceptron(), Path("flat.nir"))
    maps = convolutional(1, before=[], behind=[pool()])
    maps.infer_types()
    save_graph(maps, Path("maps.nir"))
    Path("text.nir").write_text("not a graph")
    save_network(random_network(0), Path("ttfs.safetensors"))


def exported(*arguments):
    assert main(["export", *arguments, "-o", "net.safetensors"]) == 0
    return load_network(Path("net.safetensors"))


def test_a_graph_becomes_a_network(capfd):
    network = exported("flat.nir", *STEPS)
    out = capfd.readouterr().out.splitlines()
    assert out == ["neurons are read as reset by subtraction; NIR does not tell it from a reset to "
                   "0", "wrote net.safetensors"]
    assert (network.name, network.neuron, network.steps) == ("flat", "lif", 3)
    assert (network.coding, network.input_shape) == ("bits", (12, 1, 1))
    assert network.provenance["graph"]["file"] == "flat.nir"


def test_options_choose_numbers_and_names():
    network = exported("flat.nir", *STEPS, "--coding", "greedy2", "--input-shape", "1x3x4",
                       "--classes", "a,b,c,d", "--weight-bits", "6", "--weight-steps", "4",
                       "--product-bits", "14", "--potential-bits", "26", "--dt", "2e-4")
    numbers = network.numbers
    assert (numbers.weight_bits, numbers.weight_steps_per_octave) == (6, 4)
    assert (numbers.product_bits, numbers.potential_bits) == (14, 26)
    assert (network.coding, network.input_shape) == ("greedy2", (1, 3, 4))
    assert network.classes == ("a", "b", "c", "d") and network.layers[0].leak == round(0.6 * 256)


def test_a_network_goes_to_nir_and_comes_back_the_same(capfd):
    exported("maps.nir", *STEPS)
    first = Path("net.safetensors").read_bytes()
    assert main(["export", "net.safetensors", "-o", "own.nir"]) == 0
    capfd.readouterr()
    assert main(["export", "own.nir", "-o", "net.safetensors", "--json"]) == 0
    assert set(json.loads(capfd.readouterr().out)) == {"network", "sha256"}
    assert Path("net.safetensors").read_bytes() == first


@pytest.mark.parametrize(("arguments", "reason"), [
    (["absent.nir", *STEPS], "absent.nir: No such file or directory"),
    (["text.nir", *STEPS], "text.nir: not a NIR file"),
    (["flat.nir"], "flat.nir: steps must be given (--steps)"),
    (["flat.nir", "--steps", "0"], "flat.nir: steps must be at least 1, not 0"),
    (["flat.nir", "--steps", "33"], "steps of a lif network must be 1 to 32, not 33"),
    (["flat.nir", *STEPS, "--dt", "1"], "n1: the leak 1 - dt/tau must be 0 to 1"),
    (["flat.nir", *STEPS, "--input-shape", "1x12"], "--input-shape must be CxHxW"),
    (["flat.nir", *STEPS, "--input-shape", "1x4x4"], "input_shape must fit the graph's input"),
    (["flat.nir", *STEPS, "--coding", "morse"], "coding must be one of time, bits"),
    (["flat.nir", *STEPS, "--classes", "a,b"], "classes must be 4 names"),
    (["flat.nir", *STEPS, "--weight-bits", "9"], "weight_bits must be 2 to 8, not 9"),
    (["flat.nir", *STEPS, "--images", "digits:train"], "--images is for the export of a check"),
    (["ttfs.safetensors", *STEPS], "--steps is for the export of a graph (.nir)"),
], ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else "")
def test_a_mistake_is_one_line_and_leaves_nothing(arguments, reason, capfd):
    assert main(["export", *arguments, "-o", "x.safetensors"]) == 2
    out, err = capfd.readouterr()
    assert out == "" and err.startswith("firstspike: ") and err.count("\n") == 1, err
    assert reason in err
    assert not Path("x.safetensors").exists()


@pytest.mark.parametrize(("arguments", "reason"), [
    (["ttfs.safetensors"], "plain-0: a time-coded network (ttfs) cannot be written"),
    (["ttfs.safetensors", "--product-bits", "9"], "--product-bits is for the export of a check"),
    (["ttfs.safetensors", "--drop-last-neurons"], "--drop-last-neurons is for the export of a gra"),
    (["text.safetensors"], "text.safetensors: No such file"),
], ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else "")
def test_what_nir_cannot_say_is_one_line(arguments, reason, capfd):
    assert main(["export", *arguments, "-o", "x.nir"]) == 2
    err = capfd.readouterr().err
    assert reason in err and err.count("\n") == 1
    assert not Path("x.nir").exists()


@pytest.mark.rtl
@pytest.mark.xdist_group("commands")
def test_a_graph_runs_on_the_rtl(tmp_path, build_root):
    build_root.mkdir(exist_ok=True)
    (tmp_path / "sim_build").symlink_to(build_root)
    exported("maps.nir", *STEPS)
    images = np.random.default_rng(0).integers(0, 256, (2, 2, 8, 8), dtype=np.uint8)
    np.savez("images.npz", images=images)
    assert main(["cosim", "net.safetensors", "--images", "images.npz", "--config", "tiny",
                 "--trace", "-o", "run"]) == 0
    result = json.loads(Path("run/run.json").read_text())
    assert result["bit_exact"] is True and result["images"] == 2
