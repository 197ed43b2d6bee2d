"""Which source a data set is read from, and what is said if there is none."""

from pathlib import Path

import numpy as np
import pytest

from algo.data import DataError, check_name, data_folder, load_split, names
from algo.data.inventory import inventory
from tests.algo.data.fakes import idx_files, planted, random_part
from tests.algo.data.test_folder import planted_folder

SHAPE = (1, 28, 28)


def parts(seed: int) -> tuple[tuple, tuple]:
    return random_part(seed, 30, SHAPE, 3), random_part(seed + 1, 6, SHAPE, 3)


def write_npz(path: Path, train: tuple, test: tuple) -> None:
    np.savez(path, train_images=train[0], train_labels=train[1],
             test_images=test[0], test_labels=test[1])


@pytest.mark.parametrize("name", ["digits", "digits:all", "", ":test", "digits:test:1",
                                  "../secret:test", "/etc:test", ".hidden:test", "a b:test"])
def test_impossible_names_are_refused(name):
    with pytest.raises(ValueError, match=r"^a data-set split must be .* digits:test, not"):
        load_split(name)
    assert name not in names()


def test_known_names_are_listed():
    assert {"digits:test", "cifar10:train", "tiny-imagenet:validation"} <= set(names())
    assert len(names()) == 18


@pytest.mark.parametrize("name", ["digits", "cifar10", "fashion_mnist", "my.set-2"])
def test_a_recipe_may_name_what_is_not_there_yet(name):
    assert check_name(name) is None


@pytest.mark.parametrize("name", ["", "a/b", "..", "digits:test", "a b", None, 3])
def test_a_recipe_may_not_name_what_cannot_be(name):
    with pytest.raises(ValueError, match=r"^dataset must be one of digits, cifar10, .*, not"):
        check_name(name)


def test_the_npz_file_comes_first_then_originals_then_a_folder(tmp_path, monkeypatch):
    (tmp_path / "mnist").mkdir()
    tests = [parts(seed)[1] for seed in (10, 20, 30)]

    def found() -> list[bool]:
        images = load_split("mnist:test", data_dir=tmp_path).images
        return [images.shape == test[0].shape and set(images.ravel()) == set(test[0].ravel())
                and (np.sort(images, axis=0) == np.sort(test[0], axis=0)).all() for test in tests]

    planted_folder(tmp_path / "mnist", *parts(30))
    assert found() == [False, False, True]
    planted(monkeypatch, tmp_path, "mnist", idx_files("mnist", *parts(20)))
    assert found() == [False, True, False]
    write_npz(tmp_path / "mnist.npz", *parts(10))
    assert found() == [True, False, False]


def test_the_data_folder_is_given_or_in_the_environment_or_here(tmp_path, monkeypatch):
    monkeypatch.delenv("FIRSTSPIKE_DATA", raising=False)
    assert data_folder() == Path("data")
    monkeypatch.setenv("FIRSTSPIKE_DATA", str(tmp_path / "there"))
    assert data_folder() == tmp_path / "there" and data_folder(tmp_path) == tmp_path
    (tmp_path / "there").mkdir()
    write_npz(tmp_path / "there/own.npz", *parts(1))
    assert len(load_split("own:test").images) == 6
    monkeypatch.delenv("FIRSTSPIKE_DATA")
    monkeypatch.chdir(tmp_path / "there")
    with pytest.raises(DataError, match="own is not in data/"):
        load_split("own:test")


@pytest.mark.parametrize(("name", "reason"), [
    ("cifar10", r"^cifar10 is not in data/: fetch it with `firstspike data fetch cifar10 "
                r"--data data`, or put cifar10\.npz or cifar-10-binary\.tar\.gz or "
                r"cifar-10-python\.tar\.gz there$"),
    ("fashion_mnist", r"^fashion-mnist is not in data/: fetch it .* fetch fashion-mnist .*"
                      r"put fashion-mnist\.npz or fashion-mnist/t10k-images-idx3-ubyte\.gz, "
                      r"fashion-mnist/t10k-labels-idx1-ubyte\.gz there$"),
    ("flowers", r"^flowers is not in data/: put flowers\.npz or a folder flowers/ with train/ and "
                r"test/ there \(known by name: digits, cifar10, .*\)$"),
])
def test_what_is_missing_is_one_line_that_says_how_to_get_it(name, reason, tmp_path, monkeypatch):
    monkeypatch.delenv("FIRSTSPIKE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=reason):
        load_split(f"{name}:test")


def test_the_inventory_tells_what_is_there(tmp_path, monkeypatch):
    planted(monkeypatch, tmp_path, "mnist", idx_files("mnist", *parts(1)))
    write_npz(tmp_path / "fashion_mnist.npz", *parts(2))
    write_npz(tmp_path / "own.npz", *parts(3))
    planted_folder(tmp_path / "trees", *parts(4))
    np.savez(tmp_path / "other.npz", images=np.zeros(1))
    (tmp_path / "text.npz").write_text("no zip")
    (tmp_path / "cifar-10-binary.tar.gz.part").write_bytes(b"begun")
    (tmp_path / "empty").mkdir()
    entries = {entry.name: entry for entry in inventory(tmp_path)}
    assert {name for name, entry in entries.items() if entry.is_present} == {
        "digits", "mnist", "fashion-mnist", "own", "trees"}
    assert set(entries) == {"digits", "cifar10", "cifar100", "mnist", "fashion-mnist",
                            "tiny-imagenet", "own", "trees"}
    assert {name: entry.path for name, entry in entries.items() if entry.path} == {
        "mnist": tmp_path / "mnist/train-images-idx3-ubyte.gz",
        "fashion-mnist": tmp_path / "fashion_mnist.npz", "own": tmp_path / "own.npz",
        "trees": tmp_path / "trees"}
    assert entries["tiny-imagenet"].classes == 200 and entries["cifar10"].shape == (3, 32, 32)
    assert [entry.is_present for entry in inventory(tmp_path / "nowhere")] == [True] + [False] * 5
