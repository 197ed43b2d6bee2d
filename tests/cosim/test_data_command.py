"""`firstspike data`, and `--data` of the commands that take images."""

import json
from pathlib import Path

import numpy as np
import pytest

from cosim.cli import main
from hw.network import save_network
from tests.algo.data.fakes import idx_files, picture, planted, random_part
from tests.algo.data.server import Behaviour, serving
from tests.networks import random_network


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FIRSTSPIKE_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


def images_below(folder: Path) -> None:
    """A folder of 12 training and 2 test images, no two of one size."""
    for index in range(14):
        path = folder / ("train" if index < 12 else "test") / "ab"[index % 2] / f"{index:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(np.full((3, 8 + index, 9), index * 10, np.uint8)))


@pytest.mark.parametrize(("arguments", "reason"), [
    (["data"], "Missing command"),
    (["data", "paint"], "No such command 'paint'"),
    (["data", "fetch"], "Missing argument 'NAME'"),
    (["data", "fetch", "digits"], "must be one of cifar10, cifar100, mnist, fashion-mnist, tiny-"),
    (["data", "fetch", "flowers"], "not 'flowers'"),
    (["data", "fetch", "mnist", "--data", "given/file"], "given/file"),
    (["data", "pack", "absent", "--size", "8", "-o", "x.npz"], "absent: an image folder must have"),
    (["data", "pack", "given", "-o", "x.npz"], "--size"),
    (["data", "pack", "given", "--size", "0", "-o", "x.npz"], "--size"),
    (["data", "pack", "given", "--size", "8", "-o", "x.zip"], "-o must be an .npz file, not x.zip"),
    (["data", "pack", "given/bad", "--size", "8", "-o", "x.npz"], "00.png: not an image"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_a_mistake_is_one_line_and_leaves_nothing(arguments, reason, capfd):
    images_below(Path("given/bad"))
    Path("given/file").write_text("no folder")
    Path("given/bad/train/a/00.png").write_text("no picture")
    assert main(arguments) == 2
    out, err = capfd.readouterr()
    assert out == "" and err.startswith("firstspike: ") and err.count("\n") == 1 and reason in err
    assert [path.name for path in Path().iterdir()] == ["given"]


@pytest.mark.parametrize("verb", ["fetch", "list", "pack"])
def test_help_of_a_verb(verb, capfd):
    assert main(["data", verb, "--help"]) == 0
    assert "--json" in capfd.readouterr().out


def test_fetch_continues_and_then_finds_everything_there(monkeypatch, tmp_path, capfd):
    files = idx_files("mnist", random_part(1, 20, (1, 28, 28), 10),
                      random_part(2, 5, (1, 28, 28), 10))
    planted(monkeypatch, tmp_path / "elsewhere", "mnist", files)
    served = []
    monkeypatch.setattr("algo.data.download._answer", answer_from(files, served))
    assert main(["data", "fetch", "mnist"]) == 0
    assert capfd.readouterr().out.count(": fetched, ") == 4
    for path, content in files.items():
        assert Path("data", path).read_bytes() == content
    assert main(["data", "fetch", "mnist", "--json"]) == 0
    result = json.loads(capfd.readouterr().out)
    assert result["name"] == "mnist" and not any(file["fetched"] for file in result["files"])
    assert [file["path"] for file in result["files"]] == [f"data/{path}" for path in files]
    assert len(served) == 4


def answer_from(files: dict[str, bytes], served: list[str]):
    """Stand in for the request: send the planted file of that address from a local server."""
    import algo.data.download as module

    real = module._answer

    def answer(url: str, offset: int):
        path = url.removeprefix("http://localhost:1/")
        served.append(path)
        with serving(Behaviour(files[path])) as address:
            return real(f"{address}/{path}", offset)
    return answer


def test_fetch_without_a_network_is_one_line(monkeypatch, tmp_path, capfd):
    planted(monkeypatch, tmp_path / "elsewhere", "mnist", idx_files(
        "mnist", random_part(1, 20, (1, 28, 28), 10), random_part(2, 5, (1, 28, 28), 10)))
    assert main(["data", "fetch", "mnist"]) == 2
    err = capfd.readouterr().err
    assert err.startswith("firstspike: mnist/train-images-idx3-ubyte.gz cannot be fetched (localh")
    assert err.count("\n") == 1 and not Path("data").exists()


def test_list_tells_what_is_there(capfd):
    images_below(Path("data/trees"))
    assert main(["data", "list"]) == 0
    lines = {line.split()[0]: line.split()[-1] for line in capfd.readouterr().out.splitlines()}
    assert lines["digits"] == "embedded" and lines["cifar10"] == "absent"
    assert lines["trees"] == "trees"
    assert main(["data", "list", "--data", "data", "--json"]) == 0
    result = json.loads(capfd.readouterr().out)
    assert result["data"] == "data" and result["sets"][-1] == {
        "name": "trees", "present": True, "shape": None, "classes": None, "path": "data/trees"}


def test_pack_makes_a_data_set_that_infers(capfd):
    images_below(Path("photos"))
    assert main(["data", "pack", "photos", "--size", "6", "-o", "data/trees.npz"]) == 0
    assert "12 training and 2 test images 3x6x6 of 2 classes" in capfd.readouterr().out
    assert main(["data", "pack", "photos", "--size", "6", "-o", "x.npz", "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == {
        "out": "x.npz", "shape": [3, 6, 6], "classes": ["a", "b"], "train": 12, "test": 2}
    assert Path("x.npz").read_bytes() == Path("data/trees.npz").read_bytes()


def test_a_split_is_found_below_data_wherever_that_is(monkeypatch, tmp_path, capfd):
    network = random_network(3)
    save_network(network, Path("net.safetensors"))
    train, test = random_part(1, 20, network.input_shape, 2), random_part(2, 5,
                                                                         network.input_shape, 2)
    command = ["golden", "net.safetensors", "--images", "own:test", "-o", "out.npz", "--json"]
    assert main(command) == 2
    err = capfd.readouterr().err
    assert err.startswith("firstspike: own is not in data/: put own.npz ") and err.count("\n") == 1
    Path("elsewhere").mkdir()
    np.savez("elsewhere/own.npz", train_images=train[0], train_labels=train[1],
             test_images=test[0], test_labels=test[1])
    assert main([*command, "--data", "elsewhere"]) == 0
    assert json.loads(capfd.readouterr().out)["images"] == 5
    monkeypatch.setenv("FIRSTSPIKE_DATA", "elsewhere")
    assert main(command) == 0
    Path("elsewhere").rename("data")
    monkeypatch.delenv("FIRSTSPIKE_DATA")
    assert main(command) == 0
    assert main(["cosim", *command[1:4], "-o", "run", "--data", "nowhere"]) == 2
    assert "own is not in nowhere/" in capfd.readouterr().err
