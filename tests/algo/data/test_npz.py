"""Data sets in .npz files: used as they are, or refused in one line."""

import numpy as np
import pytest

from algo.data import DataError, load, load_split
from algo.data.npz import write_arrays
from tests.algo.data.fakes import random_part, restored, same

SHAPE = (2, 4, 3)
TRAIN, TEST = random_part(1, 40, SHAPE, 5), random_part(2, 6, SHAPE, 5)
GOOD = {"train_images": TRAIN[0], "train_labels": TRAIN[1],
        "test_images": TEST[0], "test_labels": TEST[1]}


def cifar() -> dict[str, np.ndarray]:
    (images, labels), test = random_part(1, 40, (3, 32, 32), 10), random_part(2, 6, (3, 32, 32), 10)
    return dict(zip(GOOD, (images, labels, *test), strict=True))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_data_set_of_ones_own(save, dtype, tmp_path):
    save(tmp_path / "own_set.npz", **GOOD | {"train_labels": TRAIN[1].astype(dtype)})
    assert same(restored(tmp_path, "own_set"), TRAIN, TEST)
    split = load_split("own_set:test", data_dir=tmp_path)
    assert split.classes == tuple("01234") and split.labels.dtype == np.int64


def test_classes_may_have_names(tmp_path):
    names = np.array(["a", "b", "c", "d", "e", "never seen"])
    write_arrays(tmp_path / "own.npz", **GOOD, classes=names)
    assert load_split("own:train", data_dir=tmp_path).classes == tuple(names)


@pytest.mark.parametrize("file", ["fashion-mnist", "fashion_mnist"])
@pytest.mark.parametrize("name", ["fashion-mnist", "fashion_mnist"])
def test_either_spelling_of_a_known_name(name, file, tmp_path):
    train, test = random_part(1, 40, (1, 28, 28), 10), random_part(2, 6, (1, 28, 28), 10)
    np.savez(tmp_path / f"{file}.npz", **dict(zip(GOOD, (*train, *test), strict=True)))
    assert same(restored(tmp_path, name), train, test)
    assert load_split(f"{name}:test", data_dir=tmp_path).classes[8] == "Bag"


@pytest.mark.parametrize(("change", "reason"), [
    ({"test_images": TEST[0].astype(float)}, r"images must be uint8 \[N, .*, not float64 \[6, 2"),
    ({"test_images": TEST[0][:, 0]}, r"not uint8 \[6, 4, 3\]"),
    ({"test_images": TEST[0][:0], "test_labels": TEST[1][:0]}, r"at least one, not uint8 \[0"),
    ({"test_images": TEST[0][:, :0]}, r"at least one, not uint8 \[6, 0, 4, 3\]"),
    ({"test_images": np.array([{}])}, "must be numbers, not Python objects"),
    ({"test_labels": np.array([None] * 6)}, "test_labels must be numbers, not Python objects"),
    ({"test_labels": TEST[1].astype(float)}, "labels must be 6 integers, not float64"),
    ({"test_labels": TEST[1][:5]}, r"labels must be 6 integers, not int64 \[5\]"),
    ({"test_labels": TEST[1][:, None]}, r"labels must be 6 integers, not int64 \[6, 1\]"),
    ({"test_labels": TEST[1] + 5}, "labels must be 0 to 4, not [5-9]"),
    ({"test_labels": TEST[1] - 9}, "labels must be 0 to 4, not -"),
    ({"test_labels": np.full(6, 1 << 63, np.uint64)}, "labels must be 0 to 4, not 9223372036854"),
    ({"train_labels": TRAIN[1].astype(float)}, "train_labels must be integers"),
    ({"train_labels": np.zeros(0, int)}, "train_labels must be integers"),
    ({"train_labels": np.full(40, -3)}, "labels must be 0 to 0, not"),
    ({"classes": np.arange(5)}, "classes must be strings"),
    ({"classes": np.array([b"a"] * 5)}, "classes must be strings"),
    ({"classes": np.array("a")}, "classes must be strings"),
    ({"classes": np.array(["a"])}, "labels must be 0 to 0, not"),
    ({"classes": np.array([None])}, "classes must be numbers, not Python objects"),
])
def test_other_arrays_are_refused(change, reason, tmp_path):
    np.savez(tmp_path / "own.npz", **GOOD | change)
    with pytest.raises(DataError, match=rf"own\.npz: .*{reason}") as error:
        load_split("own:test", data_dir=tmp_path)
    assert "\n" not in str(error.value)


def test_a_wild_training_label_is_refused_and_makes_no_names(tmp_path):
    np.savez(tmp_path / "own.npz", **GOOD | {"train_labels": np.full(40, 1 << 60)})
    with pytest.raises(DataError, match="labels must be 0 to 39, not 1152921504606846976"):
        load_split("own:train", data_dir=tmp_path)


@pytest.mark.parametrize("missing", GOOD)
def test_a_missing_array_is_named(missing, tmp_path):
    np.savez(tmp_path / "own.npz", **{name: GOOD[name] for name in GOOD if name != missing})
    with pytest.raises(DataError, match=f"{missing} are missing, there is only"):
        for part in ("train", "test"):
            load_split(f"own:{part}", data_dir=tmp_path)


def test_a_known_set_must_look_like_itself(tmp_path):
    for change, reason in (
            ({"test_images": cifar()["test_images"][:, :, :-1]}, r"uint8 \[N, 3, 32, 32\], at"),
            ({"test_labels": np.full(6, 10)}, "labels must be 0 to 9, not 10")):
        np.savez(tmp_path / "cifar10.npz", **cifar() | change)
        with pytest.raises(DataError, match=reason):
            load_split("cifar10:test", data_dir=tmp_path)


def test_a_file_is_read_once_until_it_changes(tmp_path, monkeypatch):
    path = tmp_path / "own.npz"
    write_arrays(path, **GOOD)
    reads = []
    monkeypatch.setattr(load, "read_part", lambda *arguments, **options: (
        reads.append(arguments[1]), read_part(*arguments, **options))[1])
    from algo.data.npz import read_part

    for _ in range(3):
        for split in ("train", "validation", "test"):
            load_split(f"own:{split}", data_dir=tmp_path)
    assert reads == ["train", "test"]
    write_arrays(path, **GOOD | {"test_labels": TEST[1][::-1]})
    assert (load_split("own:test", data_dir=tmp_path).labels == TEST[1][::-1]).all()


def test_only_the_arrays_of_a_part_are_read(tmp_path):
    np.savez(tmp_path / "cifar10.npz", **{name: array for name, array in cifar().items()
                                          if name.startswith("test")})
    assert len(load_split("cifar10:test", data_dir=tmp_path).images) == 6


@pytest.mark.parametrize("seed", range(40))
def test_damaged_files_are_refused_in_one_line_or_read_right(seed, tmp_path):
    path = tmp_path / "own.npz"
    np.savez(path, **GOOD)
    rng, content = np.random.default_rng(seed), bytearray(path.read_bytes())
    if seed % 2:
        del content[int(rng.integers(len(content))):]
    else:
        for place in rng.integers(0, len(content), 20):
            content[place] = int(rng.integers(256))
    path.write_bytes(content)
    try:
        found = load_split("own:test", data_dir=tmp_path)
    except DataError as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error), f"seed {seed}"
    else:
        assert (found.images == TEST[0]).all(), f"seed {seed}"


def test_nothing_half_written_stays(tmp_path):
    class Broken:
        def __array__(self, *_, **__):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_arrays(tmp_path / "own.npz", first=TRAIN[0], second=Broken())
    assert list(tmp_path.iterdir()) == []
