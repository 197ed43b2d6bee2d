"""The original public files: where they are, and what they must be byte for byte.

CIFAR's authors and Fashion-MNIST's publish MD5 sums, MNIST's and Tiny-ImageNet's none. SHA-256
stands here: those that the catalogues of TensorFlow Datasets and Keras publish for the same files,
and for Tiny-ImageNet one that independent projects agree on.
"""

from dataclasses import dataclass

__all__ = [
    "CIFAR10_BINARY",
    "CIFAR10_PYTHON",
    "CIFAR100_BINARY",
    "CIFAR100_PYTHON",
    "FASHION_MNIST",
    "MNIST",
    "TINY_IMAGENET",
    "Original",
]


@dataclass(frozen=True)
class Original:
    """One public file.

    Parameters
    ----------
    path
        Where it lies below the data folder.
    size
        In bytes.
    sha256
        Of its content, in hexadecimal digits.
    urls
        Where to get it, tried in this order.
    """

    path: str
    size: int
    sha256: str
    urls: tuple[str, ...]


def _at(folders: tuple[str, ...], path: str, size: int, sha256: str) -> Original:
    """Return the file of that name below each of ``folders``."""
    name = path.rpartition("/")[2]
    return Original(path, size, sha256, tuple(f"{folder}/{name}" for folder in folders))


TORONTO = ("https://www.cs.toronto.edu/~kriz", "https://cave.cs.toronto.edu/kriz")
CIFAR10_BINARY = _at(
    TORONTO, "cifar-10-binary.tar.gz", 170_052_171,
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd")
CIFAR10_PYTHON = _at(
    TORONTO, "cifar-10-python.tar.gz", 170_498_071,
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce")
CIFAR100_BINARY = _at(
    TORONTO, "cifar-100-binary.tar.gz", 168_513_733,
    "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec")
CIFAR100_PYTHON = _at(
    TORONTO, "cifar-100-python.tar.gz", 169_001_437,
    "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7")

# In the order: training images and labels, test images and labels.
MNIST_MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist",
                 "https://storage.googleapis.com/cvdf-datasets/mnist")
MNIST = (
    _at(MNIST_MIRRORS, "mnist/train-images-idx3-ubyte.gz", 9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    _at(MNIST_MIRRORS, "mnist/train-labels-idx1-ubyte.gz", 28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    _at(MNIST_MIRRORS, "mnist/t10k-images-idx3-ubyte.gz", 1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    _at(MNIST_MIRRORS, "mnist/t10k-labels-idx1-ubyte.gz", 4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"))
FASHION_MIRRORS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets")
FASHION_MNIST = (
    _at(FASHION_MIRRORS, "fashion-mnist/train-images-idx3-ubyte.gz", 26_421_880,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    _at(FASHION_MIRRORS, "fashion-mnist/train-labels-idx1-ubyte.gz", 29_515,
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    _at(FASHION_MIRRORS, "fashion-mnist/t10k-images-idx3-ubyte.gz", 4_422_102,
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    _at(FASHION_MIRRORS, "fashion-mnist/t10k-labels-idx1-ubyte.gz", 5_148,
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"))

TINY_IMAGENET = _at(
    ("https://cs231n.stanford.edu",),
    "tiny-imagenet-200.zip", 248_100_043,
    "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821")
