"""`firstspike cosim` and `demo` on the real RTL: verdict, exit code and files."""

import json
from dataclasses import replace

import numpy as np
import pytest

import cosim.verify
from cosim.cli import main
from cosim.energy.loading import SHIPPED
from cosim.simulator import SimulationError
from hw.network import fingerprint, save_network
from hw.numbers import NumberFormat
from tests.cosim.energy.arithmetic import total_uj
from tests.networks import random_images, random_network

SEED = 11

pytestmark = [pytest.mark.rtl, pytest.mark.xdist_group("commands"),
              pytest.mark.usefixtures("elsewhere")]


@pytest.fixture
def arguments(tmp_path):
    network = random_network(SEED, numbers=NumberFormat())
    save_network(network, tmp_path / "net.safetensors")
    np.savez(tmp_path / "images.npz", images=random_images(SEED, network, 3))
    return ["cosim", "net.safetensors", "--images", "images.npz", "--config", "tiny", "-o", "run"]


def test_bit_exact_run(arguments, tmp_path, capfd):
    assert main(arguments) == 0
    assert "3 of 3 images bit-exact (scores)" in capfd.readouterr().out
    result = json.loads((tmp_path / "run" / "run.json").read_text())
    assert result["bit_exact"] is True and result["accuracy"] is None
    assert result["network_sha256"] == fingerprint(tmp_path / "net.safetensors")
    assert result["counts"]["cycles"] > 0 and result["energy_uj"]["total"] > 0
    assert total_uj(tmp_path / "run" / "action_counts.yaml", SHIPPED / "28nm.yaml") == (
        pytest.approx(result["energy_uj"]["total"], rel=1e-9))
    assert not (tmp_path / "run" / "trace.npz").exists()


def test_trace_equals_that_of_golden(arguments, tmp_path, capfd):
    assert main([*arguments, "--trace", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["traced"] is True
    assert main(["golden", "net.safetensors", "--images", "images.npz", "--trace",
                 "-o", "golden.npz"]) == 0
    with np.load(tmp_path / "run" / "trace.npz") as rtl, np.load("golden.npz") as golden:
        assert set(rtl) == set(golden) and len(rtl) > 2
        for key in rtl:
            assert rtl[key].dtype == golden[key].dtype
            assert np.array_equal(rtl[key], golden[key]), key


def make_wrong(monkeypatch, *, images: range, without_trace_only=False):
    """Make the golden model wrong in the first layer and the scores of some images.

    It is told apart by its pixels which image is which, so that one alone is wrong as well.
    """
    infer, first = cosim.verify.infer, {}

    def wrong(network, pixels, **options):
        found = infer(network, pixels, **options)
        scores, trace = found.scores.copy(), dict(found.trace)
        for place, image in enumerate(pixels):
            index = first.setdefault(image.tobytes(), len(first))
            if index in images and not (options.get("trace") and without_trace_only):
                scores[place, 0] += 1
                key = f"{network.layers[0].name}.potential"
                if key in trace:
                    trace[key] = trace[key].copy()
                    trace[key][place, 0, 0, 0] += 1
        return replace(found, scores=scores, trace=trace)
    monkeypatch.setattr(cosim.verify, "infer", wrong)


@pytest.mark.parametrize("options", [["--trace"], []], ids=["traced", "scores first"])
def test_divergence_is_exit_code_1_and_named(options, arguments, tmp_path, monkeypatch, capfd):
    """Without --trace too: the first wrong image runs again, with traces."""
    make_wrong(monkeypatch, images=range(1, 3))
    assert main([*arguments, *options]) == 1
    out = capfd.readouterr().out
    assert "1 of 3 images bit-exact" in out
    assert "first divergence: image 1, layer layer1, potential [0, 0, 0]: expected" in out
    result = json.loads((tmp_path / "run" / "run.json").read_text())
    place = result["first_divergence"]
    assert (place["image"], place["layer"], place["field"]) == (1, "layer1", "potential")
    assert place["channel"] == 0 and place["expected"] == place["found"] + 1
    assert result["rerun"] == (None if options else {"image": 1, "bit_exact": False})
    assert (tmp_path / "run" / "trace.npz").exists() == bool(options)


def test_an_image_that_is_right_when_alone_is_reported_as_such(arguments, tmp_path, monkeypatch,
                                                               capfd):
    make_wrong(monkeypatch, images=range(2, 3), without_trace_only=True)
    assert main(arguments) == 1
    out = capfd.readouterr().out
    assert "first divergence: image 2, layer scores, scores [0, 0, 0]" in out
    assert "image 2 alone is bit-exact" in out
    assert json.loads((tmp_path / "run" / "run.json").read_text())["rerun"]["bit_exact"] is True


def test_rtl_that_does_not_end_is_exit_code_1(arguments, tmp_path, monkeypatch, capfd):
    def stuck(*arguments, **options):
        raise SimulationError("image 0 did not end, see the log")
    monkeypatch.setattr(cosim.verify, "simulate", stuck)
    assert main(arguments) == 1
    assert capfd.readouterr().err.endswith("firstspike: image 0 did not end, see the log\n")
    assert not (tmp_path / "run").exists()


def test_a_configuration_without_counters_is_bad_input(arguments, tmp_path, capfd):
    (tmp_path / "blind.toml").write_text('base = "tiny"\ncounters = false\n')
    assert main([*arguments, "--config", "blind.toml"]) == 2
    assert capfd.readouterr().err == "firstspike: configuration blind must have counters\n"


def test_a_memory_without_energy_is_bad_input_before_the_run(arguments, tmp_path, capfd):
    (tmp_path / "large.toml").write_text('base = "tiny"\npotential_depth = 1048576\n')
    assert main([*arguments, "--config", "large.toml"]) == 2
    error = capfd.readouterr().err
    assert "potential memory" in error and error.count("\n") == 1


def test_a_folder_with_a_blank_is_one_line(tmp_path, monkeypatch):
    folder = tmp_path / "my work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(cosim.toolchain.ToolchainError, match="a blank in its name"):
        cosim.toolchain.check()


def test_missing_compiler_is_one_line(arguments, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(cosim.verify, "simulate", lambda *_, **__: cosim.toolchain.check())
    assert main(arguments) == 2
    assert capfd.readouterr().err.splitlines()[-1] == (
        "firstspike: g++ is missing: install it (apt-get install g++)")


def test_network_that_does_not_fit_is_one_line(tmp_path, capfd):
    network = random_network(SEED, numbers=NumberFormat())
    save_network(network, tmp_path / "net.safetensors")
    np.savez(tmp_path / "images.npz", images=random_images(SEED, network, 1))
    (tmp_path / "small.toml").write_text('base = "tiny"\npotential_depth = 2\n')
    assert main(["cosim", "net.safetensors", "--images", "images.npz", "--config", "small.toml",
                 "-o", "run"]) == 2
    error = capfd.readouterr().err
    assert error.startswith("firstspike: ") and error.count("\n") == 1 and "potential" in error
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_demo_reaches_the_rtl_with_every_image(tmp_path, capfd):
    assert main(["demo", "-o", "demo"]) == 0
    out = capfd.readouterr().out
    assert "360 of 360 images bit-exact" in out and "µJ per image" in out
    result = json.loads((tmp_path / "demo" / "run.json").read_text())
    chain = result["chain"]
    assert result["images"] == 360 and result["traced"] and result["bit_exact"]
    assert result["accuracy"] == chain["integer"] > 0.95
    assert chain["agreement"] >= 0.995
    assert result["network_sha256"] == fingerprint(tmp_path / "demo" / "network.safetensors")
