"""The data sets that are known by name: what their images are, and which originals hold them."""

from collections.abc import Callable
from dataclasses import dataclass

from . import cifar, idx, tiny_imagenet
from . import originals as files
from .digits import DIGITS
from .originals import Original

__all__ = ["EMBEDDED", "KNOWN", "Form", "KnownSet", "canonical"]

EMBEDDED = "digits"


@dataclass(frozen=True, eq=False)
class Form:
    """One form in which a data set is published; equal only to itself.

    ``files`` has the files of each part; ``read(*open files, part)`` returns images and labels, and
    the names of the classes where only the files know them.
    """

    files: dict[str, tuple[Original, ...]]
    read: Callable[..., tuple]

    @property
    def originals(self) -> tuple[Original, ...]:
        """All files, each once."""
        return tuple(dict.fromkeys(file for part in self.files.values() for file in part))


@dataclass(frozen=True)
class KnownSet:
    """A data set.

    Parameters
    ----------
    shape
        C, H, W of its images.
    classes
        Their names, or their number if only the files have the names.
    forms
        The forms in which it is published; the first is the one to fetch.
    is_slow
        Whether decoding takes so long that it is done once, into ``NAME.npz``.
    """

    shape: tuple[int, int, int]
    classes: tuple[str, ...] | int
    forms: tuple[Form, ...] = ()
    is_slow: bool = False

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """Names of the classes, None if only the files have them."""
        return None if isinstance(self.classes, int) else self.classes

    @property
    def class_count(self) -> int:
        """Number of the classes."""
        return self.classes if isinstance(self.classes, int) else len(self.classes)


def _archive(original: Original, read: Callable[..., tuple]) -> Form:
    return Form({"train": (original,), "test": (original,)}, read)


def _cifar(binary: Original, pickled: Original, batches: cifar.Batches) -> tuple[Form, ...]:
    return (_archive(binary, lambda file, part: cifar.read_binary(file, part, batches)),
            _archive(pickled, lambda file, part: cifar.read_pickled(file, part, batches)))


def _idx(originals: tuple[Original, ...]) -> tuple[Form]:
    return (Form({"train": originals[:2], "test": originals[2:]},
                 lambda images, labels, part: idx.read_idx(images, labels)),)


KNOWN = {
    EMBEDDED: KnownSet((1, 8, 8), DIGITS),
    "cifar10": KnownSet(cifar.SHAPE, cifar.CIFAR10_CLASSES,
                        _cifar(files.CIFAR10_BINARY, files.CIFAR10_PYTHON, cifar.CIFAR10)),
    "cifar100": KnownSet(cifar.SHAPE, cifar.CIFAR100_CLASSES,
                         _cifar(files.CIFAR100_BINARY, files.CIFAR100_PYTHON, cifar.CIFAR100)),
    "mnist": KnownSet(idx.SHAPE, idx.MNIST_CLASSES, _idx(files.MNIST)),
    "fashion-mnist": KnownSet(idx.SHAPE, idx.FASHION_CLASSES, _idx(files.FASHION_MNIST)),
    "tiny-imagenet": KnownSet(tiny_imagenet.SHAPE, tiny_imagenet.CLASSES,
                              (_archive(files.TINY_IMAGENET, tiny_imagenet.read_zip),),
                              is_slow=True),
}


def canonical(name: str) -> str:
    """Return the name of a data set, a known one also if it is spelt with underscores.

    >>> canonical("fashion_mnist"), canonical("my_photos")
    ('fashion-mnist', 'my_photos')
    """
    dashed = name.replace("_", "-")
    return dashed if dashed in KNOWN else name
