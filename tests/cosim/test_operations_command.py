"""``firstspike operations``: its table, its JSON, and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest

from cosim.cli import main
from hw.network import Layer, Network, Shape, Synapses, save_network
from hw.numbers import NumberFormat

NET = "net.safetensors"


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """A network of 3 pixels, 5 neurons that fire if a pixel is bright, 4 scores; 2 images."""
    monkeypatch.chdir(tmp_path)
    table = np.full((256, 2), 255, np.uint8)
    table[200:] = 0
    weight = np.ones((5, 3), np.int8)
    weight[:, 2] = 0
    hidden = Layer(name="hidden", bias=np.zeros(5, np.int32), threshold_step=np.zeros(5, np.int16),
                   synapses=(Synapses(source="input", kind="linear", weight=weight),))
    scores = Layer(name="scores", bias=np.arange(4, dtype=np.int32), synapses=(
        Synapses(source="hidden", kind="linear", weight=np.ones((4, 5), np.int8)),))
    save_network(Network(name="hand", numbers=NumberFormat(), input_shape=Shape(3, 1, 1),
                         exponents=table, layers=(hidden, scores)), tmp_path / NET)
    images = np.array([[200, 0, 255], [0, 0, 0]], np.uint8)[:, :, None, None]
    np.savez(tmp_path / "images.npz", images=images, labels=np.array([3, 0]))
    np.savez(tmp_path / "unlabelled.npz", images=images)


def result(capsys, *arguments: str) -> dict:
    assert main(["operations", NET, "--images", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_figures_by_hand(capsys):
    """The first image: 2 events each of two pixels, one of which meets 5 weights; all 5 fire."""
    found = result(capsys, "images.npz")
    hidden, scores = found["layers"]
    assert hidden["synaptic_operations"] == 10 / 2 and scores["synaptic_operations"] == 20 / 2
    assert hidden["spikes_per_neuron"] == 0.5 and scores["spikes_per_neuron"] is None
    assert (hidden["nonzero"], hidden["weights"], hidden["share"]) == (10, 15, 1 / 3)
    assert (found["neurons"], found["spikes"], found["spikes_per_neuron"]) == (9, 2.5, 0.5)
    assert found["input_events"] == 2 and found["accuracy"] == 0.5
    assert (found["least_synaptic_operations"], found["most_synaptic_operations"]) == (0, 30)
    assert found["dense_operations"] == 15 + 20
    energy = found["operation_energy"]["A"]
    assert energy["dense_uj"] == pytest.approx(35 * 4.6e-6)
    assert energy["formula_uj"] == pytest.approx((10 * 4.6 + 0.5 * 20 * 0.9) * 1e-6)
    assert energy["exact_uj"] == pytest.approx((10 * 4.6 + 10 * 0.9) * 1e-6)
    assert energy["accumulate_uj"] == pytest.approx(15 * 0.9e-6)


def test_first_images_without_labels(capsys):
    found = result(capsys, "unlabelled.npz", "-n", "1")
    assert found["images"] == 1 and found["accuracy"] is None
    assert found["synaptic_operations"] == 30


def test_the_table_shows_layers_totals_and_both_conventions(capsys):
    assert main(["operations", NET, "--images", "images.npz", "-o", "out.json"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "hidden 5 10 15 66.7% 0.500 5 33.3%" in shown
    assert "scores 4 20 20 100.0% 10 66.7%" in shown
    assert "total 9 30 35 85.7% 0.500 15 100.0%" in shown
    assert "means of 2 images, 50.00% right: 15 synaptic operations (0 to 30)" in shown
    assert "convention A" in shown and "MAC 4.6 pJ, AC 0.9 pJ (45nm-fp32-operations)" in shown
    assert "convention B" in shown and "MAC 3.2 pJ, AC 0.1 pJ (45nm-int32-operations)" in shown
    assert "2.9x less spike rate" in shown and "wrote out.json" in shown
    assert json.loads(Path("out.json").read_text())["synaptic_operations"] == 15


@pytest.mark.parametrize(("arguments", "reason"), [
    (["absent.safetensors", "--images", "images.npz"], "absent.safetensors: No such file"),
    ([NET, "--images", "absent.npz"], "absent.npz: No such file"),
    ([NET, "--images", "images.npz", "-n", "3"], "images.npz: -n must be 1 to 2, not 3"),
    ([NET, "--images", "digits:test"], "images must be uint8"),
    ([NET, "--images", "images.npz", "-o", "."], "Is a directory"),
    ([NET, "--images", "images.npz", "-o", f"{NET}/out.json"], "Not a directory"),
    ([NET, "--images", "images.npz", "--threads", "0"], "--threads"),
    ([NET], "Missing option")])
def test_bad_input_is_one_line(arguments, reason, capsys):
    before = sorted(Path().iterdir())
    assert main(["operations", *arguments]) == 2
    captured = capsys.readouterr()
    assert reason in captured.err and captured.err.count("\n") == 1 and not captured.out
    assert sorted(Path().iterdir()) == before
