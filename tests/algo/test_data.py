import numpy as np
import pytest

from algo.data import SPLITS, load_split, names


def test_digits_are_split_once():
    splits = [load_split(f"digits:{part}") for part in SPLITS]
    assert [len(split.labels) for split in splits] == [1077, 360, 360]
    flat = np.concatenate([split.images.reshape(-1, 64) for split in splits])
    assert len(np.unique(flat, axis=0)) == 1797


@pytest.mark.parametrize("part", SPLITS)
def test_digits(part):
    images, labels, classes = load_split(f"digits:{part}")
    assert images.dtype == np.uint8 and images.shape[1:] == (1, 8, 8)
    assert labels.dtype == np.int64 and classes == tuple("0123456789")
    share = np.bincount(labels, minlength=10) / len(labels)
    assert np.ptp(share) < 0.02


def test_grey_levels_are_scaled_half_up():
    from sklearn.datasets import load_digits

    levels = np.unique(load_digits().images).astype(int)
    seen = np.unique(np.concatenate([load_split(f"digits:{part}").images for part in SPLITS]))
    assert seen.tolist() == [int(255 * level / 16 + 0.5) for level in levels]
    assert seen[-1] == 255


@pytest.mark.parametrize("name", ["digits", "digits:all", "mnist:test", "", "digits:test:1"])
def test_unknown_names_are_refused(name):
    with pytest.raises(ValueError, match=r"^a data-set split must be one of .*digits:test.*, not"):
        load_split(name)
    assert name not in names()
