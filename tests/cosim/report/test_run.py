"""From the RTL to the page: what `firstspike cosim` writes is enough for a report."""

import json

import numpy as np
import pytest

from cosim.cli import main
from cosim.report.cycles import cycle_parts
from hw.network import save_network
from hw.numbers import NumberFormat
from tests.cosim.report.html import Page
from tests.networks import random_images, random_network

SEED, IMAGES = 11, 3

pytestmark = [pytest.mark.rtl, pytest.mark.xdist_group("commands")]


@pytest.fixture
def run(elsewhere, tmp_path):
    """Run the RTL in an empty folder; return its run folder."""
    network = random_network(SEED, numbers=NumberFormat())
    save_network(network, tmp_path / "net.safetensors")
    np.savez(tmp_path / "images.npz", images=random_images(SEED, network, IMAGES),
             labels=np.zeros(IMAGES, int))
    assert main(["cosim", "net.safetensors", "--images", "images.npz", "--config", "tiny",
                 "-o", "run"]) == 0
    return tmp_path / "run"


def test_a_run_has_a_report_and_loses_it_when_it_is_run_again(run, capfd):
    result = json.loads((run / "run.json").read_text())
    assert main(["report", "run"]) == 0
    page = Page((run / "report.html").read_text(encoding="utf-8"))
    assert {"network", "spikes", "cycles", "energy", "area", "provenance"} <= set(page.ids)
    assert result["counts"]["cycles"] in page.figures
    assert "simulated on 3 images and computed the scores exactly" in page.text
    assert "firstspike cosim net.safetensors --images images.npz --config tiny -o run" in page.text
    assert "every count, cycles included, is what calculation gives" in page.text
    assert main(["cosim", "net.safetensors", "--images", "images.npz", "--config", "tiny",
                 "-n", "2", "-o", "run"]) == 0
    assert not (run / "report.html").exists()


def test_cycles_of_the_rtl_are_spent_on_parts_that_are_none_below_zero(run):
    for layer in json.loads((run / "run.json").read_text())["layers"]:
        parts = cycle_parts(layer["counts"])
        assert sum(parts.values()) == pytest.approx(layer["cycles"])
        assert min(parts.values()) >= 0 and parts["fire and control"] > 0
