"""CIFAR's archives, binary and pickled: read right, or refused in one line."""

import io
import pickle
import pickletools

import numpy as np
import pytest

from algo.data import DataError, cifar, load_split, plain_pickle
from algo.data.cifar import CIFAR10, CIFAR100, CIFAR100_CLASSES, SHAPE
from tests.algo.data.fakes import (
    cifar_binary,
    cifar_pickled,
    planted,
    python2_pickle,
    random_part,
    restored,
    same,
    tar_gz,
)

SETS = {"cifar10": (CIFAR10, 10), "cifar100": (CIFAR100, 100)}
ARCHIVES = {"binary": ("{}-binary.tar.gz", cifar_binary),
            "pickled": ("{}-python.tar.gz", cifar_pickled)}
STEMS = {"cifar10": "cifar-10", "cifar100": "cifar-100"}


def archive(name: str, form: str, train: tuple, test: tuple) -> dict[str, bytes]:
    path, members = ARCHIVES[form]
    batches = SETS[name][0]
    return {path.format(STEMS[name]): tar_gz(
        {"first/readme.html": b"hello"} | members(batches, "train", *train)
        | members(batches, "test", *test))}


@pytest.mark.parametrize("form", ARCHIVES)
@pytest.mark.parametrize("name", SETS)
def test_both_archives_hold_the_same_images(name, form, tmp_path, monkeypatch):
    classes = SETS[name][1]
    train, test = random_part(1, 40, SHAPE, classes), random_part(2, 7, SHAPE, classes)
    planted(monkeypatch, tmp_path, name, archive(name, form, train, test))
    assert same(restored(tmp_path, name), train, test)
    split = load_split(f"{name}:test", data_dir=tmp_path)
    assert split.images.dtype == np.uint8 and split.labels.dtype == np.int64
    assert len(split.classes) == classes == len(set(split.classes))


def test_fine_classes_are_in_alphabetical_order():
    assert list(CIFAR100_CLASSES) == sorted(CIFAR100_CLASSES)


def test_the_form_without_pickles_comes_first(tmp_path, monkeypatch):
    train, test = random_part(1, 40, SHAPE, 10), random_part(2, 7, SHAPE, 10)
    planted(monkeypatch, tmp_path, "cifar10", archive("cifar10", "binary", train, test)
            | archive("cifar10", "pickled", train, test))
    monkeypatch.setattr(cifar, "load_plain", lambda file: pytest.fail("unpickled"))
    assert same(restored(tmp_path, "cifar10"), train, test)


@pytest.mark.parametrize("form", ARCHIVES)
@pytest.mark.parametrize("seed", range(5))
def test_a_wrong_byte_is_refused_before_anything_is_parsed(seed, form, tmp_path, monkeypatch):
    files = archive("cifar10", form, random_part(1, 40, SHAPE, 10), random_part(2, 7, SHAPE, 10))
    planted(monkeypatch, tmp_path, "cifar10", files)
    (path, content), rng = *files.items(), np.random.default_rng(seed)
    wrong = bytearray(content)
    wrong[int(rng.integers(len(wrong)))] ^= int(rng.integers(1, 256))
    (tmp_path / path).write_bytes(wrong)
    monkeypatch.setattr(cifar.tarfile, "open", lambda *_, **__: pytest.fail("parsed"))
    for split in ("train", "test"):
        with pytest.raises(DataError, match=rf"{path}: SHA-256 must be [0-9a-f]+, not") as error:
            load_split(f"cifar10:{split}", data_dir=tmp_path)
        assert "\n" not in str(error.value), f"seed {seed}"


@pytest.mark.parametrize("kept", [0, 1, -1])
def test_a_truncated_archive_is_refused_by_its_size(kept, tmp_path, monkeypatch):
    train, test = random_part(1, 40, SHAPE, 10), random_part(2, 7, SHAPE, 10)
    files = archive("cifar10", "binary", train, test)
    planted(monkeypatch, tmp_path, "cifar10", files)
    (path, content), = files.items()
    (tmp_path / path).write_bytes(content[:kept])
    with pytest.raises(DataError, match=rf"size must be {len(content)} bytes, not .*unfinished"):
        load_split("cifar10:test", data_dir=tmp_path)


class Evil:
    """What runs a command when unpickled."""

    def __reduce__(self):
        import os

        return os.system, ("touch broken-out",)


def ask(module: str, name: str) -> bytes:
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"."


@pytest.mark.parametrize(("content", "reason"), [
    (pickle.dumps(Evil(), protocol=2), r"must not ask for posix\.system"),
    (pickle.dumps(Evil(), protocol=5), r"must not ask for posix\.system"),
    (pickle.dumps({"data": Evil()}, protocol=0), r"must not ask for posix\.system"),
    (ask("builtins", "eval"), r"must not ask for builtins\.eval"),
    (ask("__builtin__", "eval"), r"must not ask for __builtin__\.eval"),
    (ask("numpy", "load"), r"must not ask for numpy\.load"),
    (ask("numpy.core.multiarray", "fromfile"), "must not ask for"),
    (ask("numpy", "ndarray"), "must not hold type"),
    (b"\x80\x02cnumpy\nndarray\n}(U\x0c__setstate__Ntub.", "damaged pickle"),
    (b"cnumpy\ndtype\n(U\x01OK\x00K\x01tR.", "must be uint8, not b'O'"),
    (b"\x80\x02cnumpy\nndarray\n)\x81.", "damaged pickle"),
    (b"U\x01x\x80\x02Q.", "refer to something outside"),
    (b"\x80\x02](h\x00e.", "damaged pickle"),
    (pickle.dumps({1, 2}), "must not hold set"),
    (pickle.dumps(bytearray(2), protocol=5), "must not hold bytearray"),
    (python2_pickle({b"data": np.zeros((1, 3072))}), "must be uint8, not b'f8'"),
    (python2_pickle([b"a", None]), "must hold data"),
    (python2_pickle({b"labels": [1]}), r"must hold data \[N, 3072\]"),
    (python2_pickle({b"data": np.zeros((2, 5), np.uint8), b"labels": [1, 1]}), "must hold data"),
    (python2_pickle({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]}), "hold 2 labels"),
    (python2_pickle({b"data": np.zeros((1, 3072), np.uint8), b"labels": [True]}), "hold 1 labels"),
    (python2_pickle({b"data": np.zeros((1, 3072), np.uint8), b"labels": [b"1"]}), "hold 1 labels"),
    (python2_pickle({b"data": np.zeros((1, 3072), np.uint8), b"labels": [10]}),
     "labels must be 0 to 9, not 10"),
    (b"", "damaged pickle"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_bad_pickle_is_refused_even_with_the_right_checksum(
        content, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    planted(monkeypatch, tmp_path, "cifar10", {"cifar-10-python.tar.gz": tar_gz(
        {"cifar-10-batches-py/test_batch": content})})
    with pytest.raises(DataError, match=rf"cifar-10-python\.tar\.gz: .*{reason}") as error:
        load_split("cifar10:test", data_dir=tmp_path)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "broken-out").exists()


def test_a_pickle_cannot_change_its_reader(tmp_path):
    before = {kind: dict(vars(kind)) for kind in plain_pickle.ALLOWED.values()}
    for module, name in plain_pickle.ALLOWED:
        for state in (b"}(U\x08__init__Nu", b"N}(U\x08__init__Nu\x86"):
            with pytest.raises(DataError):
                plain_pickle.load_plain(io.BytesIO(
                    ask(module, name)[:-1] + state + b"b."))
    assert before == {kind: dict(vars(kind)) for kind in plain_pickle.ALLOWED.values()}


def test_the_fake_pickles_are_well_formed_and_of_protocol_2():
    value = {b"data": np.arange(6, dtype=np.uint8).reshape(2, 3), b"labels": [0, 300, -1],
             b"long": b"x" * 300}
    content = python2_pickle(value)
    assert max(opcode.proto for opcode, _, _ in pickletools.genops(content)) == 2
    found = plain_pickle.load_plain(io.BytesIO(content))
    assert found.keys() == value.keys() and (found[b"data"] == value[b"data"]).all()
    assert found[b"labels"] == [0, 300, -1] and found[b"long"] == value[b"long"]


@pytest.mark.parametrize(("members", "reason"), [
    ({}, r"there is no file cifar-10-batches-bin/test_batch\.bin"),
    ({"cifar-10-batches-bin/test_batch.bin": b""}, "must be records of 3073 bytes, not 0"),
    ({"cifar-10-batches-bin/test_batch.bin": b"x" * 3074}, "records of 3073 bytes, not 3074"),
    ({"cifar-10-batches-bin/test_batch.bin": b"\x0a" + b"x" * 3072}, "labels must be 0 to 9, not"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_binary_batches_of_another_form_are_refused(members, reason, tmp_path, monkeypatch):
    planted(monkeypatch, tmp_path, "cifar10", {"cifar-10-binary.tar.gz": tar_gz(members)})
    with pytest.raises(DataError, match=reason):
        load_split("cifar10:test", data_dir=tmp_path)


@pytest.mark.parametrize("content", [b"", b"text", tar_gz({"a": b"b" * 5000})[:-40]],
                         ids=["empty", "text", "cut"])
def test_what_is_no_archive_is_refused_even_with_the_right_checksum(
        content, tmp_path, monkeypatch):
    planted(monkeypatch, tmp_path, "cifar10", {"cifar-10-binary.tar.gz": content})
    with pytest.raises(DataError, match=r"^[^\n]*cifar-10-binary\.tar\.gz: [^\n]+$"):
        load_split("cifar10:test", data_dir=tmp_path)
