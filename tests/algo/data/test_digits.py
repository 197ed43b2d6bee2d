"""The embedded data set: its splits never change."""

import hashlib

import numpy as np
import pytest

from algo.data import SPLITS, load_split
from algo.data.digits import digits

CONTENT = {"train": "619be5f6cf99a80b", "validation": "a27baa4ba49b6a01",
           "test": "8f5c911f82c0d88d"}


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


@pytest.mark.parametrize("part", SPLITS)
def test_splits_are_those_that_shipped_networks_were_trained_on(part):
    images, labels, _ = digits()[part]
    assert hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()[:16] == CONTENT[part]


def test_grey_levels_are_scaled_half_up():
    from sklearn.datasets import load_digits

    levels = np.unique(load_digits().images).astype(int)
    seen = np.unique(np.concatenate([load_split(f"digits:{part}").images for part in SPLITS]))
    assert seen.tolist() == [int(255 * level / 16 + 0.5) for level in levels]
    assert seen[-1] == 255
