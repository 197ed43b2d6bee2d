"""Between entries: straight lines in the logarithms, and each entry its own value."""

from itertools import product
from types import SimpleNamespace

import pytest

from cosim.energy.interpolation import corners, interpolated

ENTRIES = [SimpleNamespace(size_bytes=size, width_bits=width, value=size ** 0.5 * width ** 0.25)
           for size, width in product((64, 1024, 4096), (8, 16, 64))]


def value(size, width):
    return interpolated(corners(ENTRIES, size, width), lambda entry: entry.value)


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_is_its_own_value(entry):
    assert value(entry.size_bytes, entry.width_bits) == entry.value


@pytest.mark.parametrize(("size", "width"), [(64, 9), (65, 8), (1000, 17.5), (4095, 63)])
def test_power_laws_come_out_exactly(size, width):
    assert value(size, width) == pytest.approx(size ** 0.5 * width ** 0.25, rel=1e-12)


def test_only_entries_around_are_used():
    around = corners(ENTRIES, 2048, 32)
    assert {(entry.size_bytes, entry.width_bits) for entry, _ in around} == set(
        product((1024, 4096), (16, 64)))
    assert sum(weight for _, weight in around) == pytest.approx(1)
    assert len(corners(ENTRIES, 1024, 32)) == 2
