"""CIFAR-10 and CIFAR-100 as their authors publish them: archives of binary or of pickled batches.

Images are 3x32x32, stored channel by channel. CIFAR-100 labels are the 100 fine ones.
"""

import io
import tarfile
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from .failure import DataError
from .plain_pickle import load_plain

__all__ = [
    "CIFAR10",
    "CIFAR10_CLASSES",
    "CIFAR100",
    "CIFAR100_CLASSES",
    "SHAPE",
    "Batches",
    "read_binary",
    "read_pickled",
]

SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class Batches:
    """Where images and labels are in the archives.

    Parameters
    ----------
    binary, pickled
        Folder of the batches in either archive.
    train, test
        Names of the batches, in order; the binary ones end in ``.bin``.
    label_bytes
        Label bytes before each binary image, of which the last is the label.
    label_key
        Of the labels in a pickled batch.
    """

    binary: str
    pickled: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    label_bytes: int
    label_key: bytes

    def names(self, part: str) -> tuple[str, ...]:
        """Return the batches of ``"train"`` or ``"test"``."""
        return {"train": self.train, "test": self.test}[part]


CIFAR10 = Batches(
    binary="cifar-10-batches-bin", pickled="cifar-10-batches-py", label_bytes=1,
    train=tuple(f"data_batch_{number}" for number in range(1, 6)), test=("test_batch",),
    label_key=b"labels")
CIFAR100 = Batches(
    binary="cifar-100-binary", pickled="cifar-100-python", label_bytes=2,
    train=("train",), test=("test",), label_key=b"fine_labels")


def read_binary(archive: BinaryIO, part: str, batches: Batches) -> tuple[np.ndarray, np.ndarray]:
    """Return images uint8 [N, 3, 32, 32] and labels uint8 [N] of a ``-binary.tar.gz``.

    Raises :class:`DataError` for an archive of another form.
    """
    record = batches.label_bytes + PIXELS
    images, labels = [], []
    names = [f"{batches.binary}/{name}.bin" for name in batches.names(part)]
    for name, member in _members(archive, names):
        content = np.frombuffer(member, np.uint8)
        if not content.size or content.size % record:
            raise DataError(f"{name} must be records of {record} bytes, not {content.size} bytes")
        records = content.reshape(-1, record)
        images.append(records[:, batches.label_bytes:].reshape(-1, *SHAPE))
        labels.append(records[:, batches.label_bytes - 1])
    return np.concatenate(images), np.concatenate(labels)


def read_pickled(archive: BinaryIO, part: str, batches: Batches) -> tuple[np.ndarray, np.ndarray]:
    """Return images uint8 [N, 3, 32, 32] and labels int64 [N] of a ``-python.tar.gz``.

    Only plain things are unpickled. Raises :class:`DataError` for an archive of another form.
    """
    images, labels = [], []
    names = [f"{batches.pickled}/{name}" for name in batches.names(part)]
    for name, member in _members(archive, names):
        batch = load_plain(io.BytesIO(member))
        pixels = batch.get(b"data") if isinstance(batch, dict) else None
        if not isinstance(pixels, np.ndarray) or pixels.shape[1:] != (PIXELS,):
            raise DataError(f"{name} must hold data [N, {PIXELS}]")
        numbers = batch.get(batches.label_key)
        if (not isinstance(numbers, list) or len(numbers) != len(pixels)
                or not all(type(number) is int and 0 <= number < 256 for number in numbers)):
            raise DataError(f"{name} must hold {len(pixels)} {batches.label_key.decode()}")
        images.append(pixels.reshape(-1, *SHAPE))
        labels.append(np.array(numbers, np.int64))
    return np.concatenate(images), np.concatenate(labels)


def _members(archive: BinaryIO, names: list[str]) -> list[tuple[str, bytes]]:
    """Return files of a ``.tar.gz`` in the order of ``names``, unzipped once and not to disk."""
    found = {}
    with tarfile.open(fileobj=archive, mode="r|gz") as tar:
        for member in tar:
            if member.name in names and member.isfile():
                found[member.name] = tar.extractfile(member).read()
            if len(found) == len(names):
                break
    for name in names:
        if name not in found:
            raise DataError(f"there is no file {name}")
    return [(name, found[name]) for name in names]


CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer",
                   "dog", "frog", "horse", "ship", "truck")
CIFAR100_CLASSES = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle",
    "bottle", "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle",
    "caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch",
    "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox",
    "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion",
    "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom",
    "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
    "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road",
    "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake",
    "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank",
    "telephone", "television", "tiger", "tractor", "train", "trout", "tulip", "turtle",
    "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm")
