"""`cosim --waves`: the waveform of one layer, from its first cycle to its last."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

import cosim.toolchain
from cosim.cli import main
from hw.network import save_network
from hw.numbers import NumberFormat
from tests.networks import random_images, random_network

SEED, IMAGE = 11, 1
PICOSECONDS_PER_CYCLE = 10_000

pytestmark = [pytest.mark.rtl, pytest.mark.xdist_group("commands")]


@pytest.fixture
def network(elsewhere, tmp_path):
    """A network in an empty folder that shares the simulation models of the repository."""
    network = random_network(SEED, numbers=NumberFormat())
    save_network(network, tmp_path / "net.safetensors")
    np.savez(tmp_path / "images.npz", images=random_images(SEED, network, IMAGE + 2))
    return network


def arguments(*more: str) -> list[str]:
    return ["cosim", "net.safetensors", "--images", "images.npz", "--config", "tiny", "-o", "run",
            *more]


def window(path: Path) -> tuple[int, int, int]:
    """Return begin and end, in picoseconds, and the number of signals of an FST file."""
    header = path.read_bytes()[:74]
    begin, end = struct.unpack(">QQ", header[9:25])
    assert header[0] == 0 and struct.unpack("b", header[73:]) == (-12,), "not an FST file in ps"
    return begin, end, struct.unpack(">Q", header[49:57])[0]


@pytest.mark.skipif(bool(cosim.toolchain.missing_headers()), reason="no zlib1g-dev, liblz4-dev")
def test_each_layer_is_recorded_from_its_first_cycle_to_its_last(network, tmp_path, capfd):
    np.savez("image.npz", images=random_images(SEED, network, IMAGE + 1)[IMAGE:])
    assert main(["cosim", "net.safetensors", "--images", "image.npz", "--config", "tiny",
                 "-o", "alone"]) == 0
    alone = json.loads((tmp_path / "alone" / "run.json").read_text())
    ends = []
    for layer in alone["layers"]:
        assert main(arguments("--waves", layer["name"], "--waves-image", str(IMAGE))) == 0
        begin, end, signals = window(tmp_path / "run" / f"{layer['name']}.fst")
        assert (end - begin) / PICOSECONDS_PER_CYCLE == layer["cycles"]
        assert signals > 1000 and (not ends or begin == ends[-1])
        ends.append(end)
    assert len(ends) > 2
    names = {f"{layer['name']}.fst" for layer in alone["layers"]}
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        *names, "run.json", "action_counts.yaml", "context.json", "activity.npz"}


@pytest.mark.parametrize(("more", "reason"), [
    (["--waves", "absent"], "--waves must be one of layer1, layer2, layer3, scores, not 'absent'"),
    (["--waves", "layer1", "--waves-image", "3"], "--waves-image must be 0 to 2, not 3")])
def test_what_cannot_be_recorded_is_one_line(more, reason, network, tmp_path, capfd):
    assert main(arguments(*more)) == 2
    assert capfd.readouterr().err == f"firstspike: {reason}\n"
    assert not (tmp_path / "run").exists()


def test_missing_libraries_are_named_with_their_packages(network, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(cosim.toolchain, "WAVES_HEADERS", {"absent.h": "libabsent-dev"})
    assert main(arguments("--waves", "layer1")) == 2
    assert capfd.readouterr().err == (
        "firstspike: waveforms need absent.h: install them (apt-get install libabsent-dev)\n")
    assert not (tmp_path / "run").exists()
