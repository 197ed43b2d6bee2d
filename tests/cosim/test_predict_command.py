"""``firstspike predict``: files, the same in parts, and one line for what cannot be used."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from cosim.cli import main
from cosim.prediction import predict
from hw.compiler import compile_network
from hw.config import load_configuration
from hw.counters import COUNTERS
from hw.network import fingerprint, save_network
from hw.numbers import NumberFormat
from tests.networks import random_images, random_network

SEED, IMAGES, PART = 11, 11, 4
COMMAND = ["predict", "net.safetensors", "--images", "images.npz", "--config", "tiny"]
FILES = {"prediction.json", "prediction.npz", "action_counts.yaml", "context.json", "activity.npz"}


@pytest.fixture(autouse=True)
def network(tmp_path, monkeypatch):
    """Write a network and images into an empty folder; a part has four of the eleven images."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cosim.parts.IMAGES_PER_PART", PART)
    network = random_network(SEED, numbers=NumberFormat())
    save_network(network, Path("net.safetensors"))
    np.savez("images.npz", images=random_images(SEED, network, IMAGES),
             labels=np.arange(IMAGES) % 2)
    return network


def expected(network):
    program = compile_network(network, load_configuration("tiny", network.numbers))
    return predict(program, np.load("images.npz")["images"])


def test_means_spread_and_each_image(network, capfd):
    assert main([*COMMAND, "-o", "out"]) == 0
    found, whole = json.loads(Path("out/prediction.json").read_text()), expected(network)
    assert {path.name for path in Path("out").iterdir()} == FILES
    assert found["network_sha256"] == fingerprint(Path("net.safetensors"))
    means = whole.counts.sum(axis=1).mean(axis=0)
    assert found["counts"] == pytest.approx(dict(zip(COUNTERS, means.tolist(), strict=True)))
    cycles = np.sort(whole.counts.sum(axis=1)[:, list(COUNTERS).index("cycles")])
    spread = found["cycles_of_images"]
    assert (spread["least"], spread["median"], spread["most"]) == (cycles[0], cycles[5], cycles[-1])
    assert cycles[-2] < spread["percentile_99"] < cycles[-1]
    assert found["accuracy"] == pytest.approx(
        float((whole.scores.argmax(axis=1) == np.arange(IMAGES) % 2).mean()))
    with np.load("out/prediction.npz") as arrays:
        assert np.array_equal(arrays["counts"], whole.counts)
        assert np.array_equal(arrays["scores"], whole.scores)
        assert arrays["counters"].tolist() == list(COUNTERS)
    out = capfd.readouterr().out
    assert f"11 images on configuration tiny, by calculation: {cycles[0]:,} to" in out


def test_without_a_folder_it_prints(network, capfd):
    assert main([*COMMAND, "--json", "-n", "3"]) == 0
    assert json.loads(capfd.readouterr().out)["images"] == 3
    assert {path.name for path in Path().iterdir()} == {"net.safetensors", "images.npz"}


def test_a_run_that_was_stopped_goes_on(network, monkeypatch, capfd):
    right, images = predict, []

    def stopped(program, some, **options):
        images.append(len(some))
        if len(images) == 2:
            raise KeyboardInterrupt
        return right(program, some, **options)

    monkeypatch.setattr("cosim.prediction.data_set.predict", stopped)
    assert main([*COMMAND, "-o", "out"]) == 130
    assert not Path("out/prediction.json").exists()
    capfd.readouterr()
    assert "continue it with --resume" in fail([*COMMAND, "-o", "out"], capfd)
    assert "differs in images" in fail([*COMMAND, "-o", "out", "--resume", "-n", "9"], capfd)
    assert "differs in config" in fail(
        [*COMMAND[:-1], "vgg", "-o", "out", "--resume"], capfd)
    assert main([*COMMAND, "-o", "out", "--resume"]) == 0
    assert images == [4, 4, 4, 3]
    assert {path.name for path in Path("out").iterdir()} == FILES
    with np.load("out/prediction.npz") as arrays:
        assert np.array_equal(arrays["counts"], expected(network).counts)


@pytest.mark.parametrize(("arguments", "reason"), [
    (["--resume"], "--resume needs -o: there lie the parts"),
    (["-n", "99"], "images.npz: -n must be 1 to 11, not 99"),
    (["-o", "net.safetensors"], "net.safetensors: Not a directory"),
    (["--config", "none"], "config must be one of tiny, demo, fpga, compact, vgg, vgg-dense or a "
                           ".toml file")])
def test_bad_input_is_one_line(arguments, reason, capfd):
    assert reason in fail([*COMMAND, *arguments], capfd)


def test_a_network_that_does_not_fit_is_named(network, capfd):
    Path("small.toml").write_text('base = "tiny"\npotential_depth = 2\n')
    assert "layer" in fail([*COMMAND, "--config", "small.toml"], capfd)


@pytest.mark.rtl
@pytest.mark.xdist_group("commands")
def test_equals_what_the_rtl_counts(build_root, network):
    """Every count of every layer, cycles included, and so every figure that follows from them."""
    build_root.mkdir(exist_ok=True)
    Path("sim_build").symlink_to(build_root)
    assert main(["cosim", *COMMAND[1:], "-n", "4", "-o", "run"]) == 0
    assert main([*COMMAND, "-n", "4", "-o", "run"]) == 0
    counted, predicted = (json.loads(Path(f"run/{name}.json").read_text())
                          for name in ("run", "prediction"))
    assert counted["prediction"] == {"equal_images": 4, "first_difference": None}
    for key in ("layers", "counts", "energy_uj", "energy_rows", "frames_per_second", "accuracy"):
        assert counted[key] == predicted[key], key


def fail(arguments: list[str], capfd) -> str:
    """Return the line on stderr of a command that must refuse its input."""
    assert main(arguments) == 2
    line = re.sub(r"(?m)^(predict|spikes): .*\n", "", capfd.readouterr().err)
    assert line.count("\n") == 1, line
    return line
