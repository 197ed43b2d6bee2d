"""Which source a data set is read from, and what is said if there is none."""

import numpy as np
import pytest

from algo.data import SPLITS, DataError, check_name, load_split, names


@pytest.mark.parametrize("name", ["digits", "digits:all", "", ":test", "digits:test:1",
                                  "../secret:test", "/etc:test", ".hidden:test", "a b:test"])
def test_impossible_names_are_refused(name):
    with pytest.raises(ValueError, match=r"^a data-set split must be .* digits:test, not"):
        load_split(name)
    assert name not in names()
