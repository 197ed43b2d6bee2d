"""``firstspike export`` of a network: other bits and codings, on the command line."""

from pathlib import Path

import numpy as np
import pytest

from algo.precision import with_precision
from cosim.cli import main
from hw.network import load_network, save_network
from hw.numbers import NumberFormat
from tests.networks import random_images, random_network

SEED = 3


@pytest.fixture(autouse=True)
def network(tmp_path, monkeypatch):
    """Write a network and images into an empty folder."""
    monkeypatch.chdir(tmp_path)
    network = random_network(SEED, numbers=NumberFormat(product_bits=16, potential_bits=30))
    save_network(network, Path("net.safetensors"))
    np.savez("images.npz", images=random_images(SEED, network, 4))
    return network


def test_bits_coding_and_truncation(network):
    assert main(["export", "net.safetensors", "-o", "new.safetensors", "--product-bits", "10",
                 "--potential-bits", "24", "--coding", "greedy2", "--images", "images.npz"]) == 0
    found = load_network(Path("new.safetensors"))
    expected = with_precision(network, product_bits=10, potential_bits=24, coding="greedy2",
                              images=random_images(SEED, network, 4))
    assert (found.numbers, found.coding) == (expected.numbers, "greedy2")
    for layer, other in zip(found.layers, expected.layers, strict=True):
        assert np.array_equal(layer.bias, other.bias)
    assert found.provenance == expected.provenance


@pytest.mark.parametrize(("arguments", "reason"), [
    ([], "a network file needs --product-bits, --potential-bits, --coding or --images"),
    (["--product-bits", "0"], "product_bits must be 4 to 20, not 0"),
    (["--potential-bits", "12"], "may reach a potential of"),
    (["--coding", "morse"], "coding must be one of time, bits, greedy2, greedy3, not 'morse'"),
    (["--steps", "2"], "--steps is for the export of a graph (.nir)")])
def test_refusals_are_one_line_and_write_nothing(arguments, reason, capfd):
    assert main(["export", "net.safetensors", "-o", "new.safetensors", *arguments]) == 2
    error = capfd.readouterr().err
    assert reason in error and error.count("\n") == 1
    assert not Path("new.safetensors").exists()
