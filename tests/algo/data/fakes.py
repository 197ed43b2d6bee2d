"""Tiny data sets in the exact formats of the original public files."""

import gzip
import hashlib
import io
import struct
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from algo.data import catalogue
from algo.data.cifar import Batches
from algo.data.originals import Original

Files = dict[str, bytes]


def planted(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, files: Files) -> None:
    """Write files of a known data set, and make the table of originals expect just these."""
    entries = {path: Original(path, len(content), hashlib.sha256(content).hexdigest(),
                              (f"http://localhost:1/{path}",)) for path, content in files.items()}
    forms = tuple(
        catalogue.Form({part: tuple(entries.get(original.path, original) for original in originals)
                        for part, originals in form.files.items()}, form.read)
        for form in catalogue.KNOWN[name].forms)
    monkeypatch.setitem(catalogue.KNOWN, name, replace(catalogue.KNOWN[name], forms=forms))
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def tar_gz(members: Files) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def cifar_binary(batches: Batches, part: str, images: np.ndarray, labels: np.ndarray) -> Files:
    """Members of a binary archive; the coarse label of CIFAR-100 is 99 minus the fine one."""
    parts = np.array_split(np.arange(len(labels)), len(batches.names(part)))
    coarse = [99 - labels] * (batches.label_bytes - 1)
    record = np.concatenate([np.stack([*coarse, labels], axis=1).astype(np.uint8),
                             images.reshape(len(images), -1)], axis=1)
    return {f"{batches.binary}/{name}.bin": record[index].tobytes()
            for name, index in zip(batches.names(part), parts, strict=True)}


def cifar_pickled(batches: Batches, part: str, images: np.ndarray, labels: np.ndarray,
                  **also) -> Files:
    """Members of an archive of pickles."""
    parts = np.array_split(np.arange(len(labels)), len(batches.names(part)))
    return {f"{batches.pickled}/{name}": python2_pickle(
        {b"batch_label": b"one of many", batches.label_key: labels[index].tolist(),
         b"data": images[index].reshape(len(index), -1),
         b"filenames": [b"x.png"] * len(index), **also})
        for name, index in zip(batches.names(part), parts, strict=True)}


def python2_pickle(value) -> bytes:
    """Return what Python 2's pickle with protocol 2 and numpy 1 makes of it."""
    return b"\x80\x02" + _pickled(value) + b"."


def _pickled(value) -> bytes:
    match value:
        case bytes() if len(value) < 256:
            return b"U" + bytes([len(value)]) + value
        case bytes():
            return b"T" + struct.pack("<i", len(value)) + value
        case bool():
            return b"\x88" if value else b"\x89"
        case int() if 0 <= value < 256:
            return b"K" + bytes([value])
        case int():
            return b"J" + struct.pack("<i", value)
        case None:
            return b"N"
        case list():
            return b"](" + b"".join(map(_pickled, value)) + b"e"
        case tuple():
            return b"(" + b"".join(map(_pickled, value)) + b"t"
        case dict():
            return b"}(" + b"".join(_pickled(each) for entry in value.items()
                                    for each in entry) + b"u"
        case np.ndarray():
            kind = value.dtype.str[1:].encode()
            dtype = b"cnumpy\ndtype\n" + _pickled((kind, 0, 1)) + b"R" + _pickled(
                (3, b"|", None, None, None, -1, -1, 0)) + b"b"
            state = (b"(" + _pickled(1) + _pickled(value.shape) + dtype + _pickled(False)
                     + _pickled(value.tobytes()) + b"t")
            return (b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n"
                    + _pickled((0,)) + _pickled(b"b") + b"tR" + state + b"b")
    raise TypeError(type(value))


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes(), mtime=0)


def idx_files(folder: str, train: tuple, test: tuple) -> Files:
    """The four files of MNIST, of (images [N, 1, H, W], labels [N]) of each part."""
    return {f"{folder}/{part}-{kind}-ubyte.gz": idx(array)
            for part, (images, labels) in (("train", train), ("t10k", test))
            for kind, array in (("images-idx3", images[:, 0]), ("labels-idx1", labels))}


def picture(array: np.ndarray, form: str = "PNG") -> bytes:
    """An image file of uint8 [1, H, W] (grey) or [3, H, W]."""
    buffer = io.BytesIO()
    Image.fromarray(array[0] if len(array) == 1 else array.transpose(1, 2, 0)).save(buffer, form)
    return buffer.getvalue()


def tiny_imagenet(ids: list[str], train: list, test: list) -> bytes:
    """A zip of (wordnet id, array) in either part, stored as PNGs under JPEG names: no loss."""
    root, buffer = "tiny-imagenet-200", io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as files:
        files.writestr(f"{root}/wnids.txt", "".join(f"{wordnet_id}\n" for wordnet_id in ids))
        files.writestr(f"{root}/words.txt", "".join(
            f"{wordnet_id}\tword of {wordnet_id}, another\n" for wordnet_id in ids))
        files.writestr(f"{root}/test/images/test_0.JPEG", picture(train[0][1]))
        for index, (wordnet_id, array) in enumerate(train):
            files.writestr(f"{root}/train/{wordnet_id}/images/{wordnet_id}_{index:03}.JPEG",
                           picture(array))
        for wordnet_id in ids:
            files.writestr(f"{root}/train/{wordnet_id}/{wordnet_id}_boxes.txt", "")
        files.writestr(f"{root}/val/val_annotations.txt", "".join(
            f"val_{index}.JPEG\t{wordnet_id}\t0\t0\t63\t63\n"
            for index, (wordnet_id, _) in enumerate(test)))
        for index, (_, array) in enumerate(test):
            files.writestr(f"{root}/val/images/val_{index}.JPEG", picture(array))
    return buffer.getvalue()


def random_part(seed: int, count: int, shape: tuple, classes: int) -> tuple:
    """Images uint8 [count, *shape] and labels int64 [count]."""
    rng = np.random.default_rng(seed)
    return (rng.integers(0, 256, (count, *shape)).astype(np.uint8),
            rng.integers(0, classes, count))


def restored(data_dir: Path, name: str) -> dict[str, np.ndarray]:
    """Return images and labels of both parts, training and validation images in one order."""
    from algo.data import load_split

    train, held, test = (load_split(f"{name}:{split}", data_dir=data_dir)
                         for split in ("train", "validation", "test"))
    images, labels = (np.concatenate(arrays) for arrays in
                      ((train.images, held.images), (train.labels, held.labels)))
    order = _order(images)
    return {"train_images": images[order], "train_labels": labels[order],
            "test_images": test.images, "test_labels": test.labels}


def same(found: dict[str, np.ndarray], train: tuple, test: tuple) -> bool:
    """Whether :func:`restored` gave just these images with their labels."""
    order = _order(train[0])
    return ((found["train_images"] == train[0][order]).all()
            and (found["train_labels"] == train[1][order]).all()
            and (found["test_images"] == test[0]).all()
            and (found["test_labels"] == test[1]).all())


def _order(images: np.ndarray) -> np.ndarray:
    return np.lexsort(images.reshape(len(images), -1).T)
