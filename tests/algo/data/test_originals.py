"""The table of original files is well formed."""

import re

import pytest

from algo.data.catalogue import EMBEDDED, KNOWN

FORMS = [(name, form) for name, known in KNOWN.items() for form in known.forms]
FILES = [original for _, form in FORMS for original in form.originals]


def test_every_set_but_the_embedded_one_can_be_fetched():
    assert {name for name, _ in FORMS} == set(KNOWN) - {EMBEDDED}
    assert len(FILES) == 13


@pytest.mark.parametrize("original", FILES, ids=lambda original: original.path)
def test_an_original_is_fetched_safely(original):
    assert re.fullmatch("[0-9a-f]{64}", original.sha256)
    assert original.size > 1000
    assert original.urls and all(url.startswith("https://") for url in original.urls)
    assert all(url.endswith("/" + original.path.rpartition("/")[2]) for url in original.urls)
    assert ".." not in original.path and not original.path.startswith("/")


def test_no_two_originals_are_one():
    for field in ("path", "sha256", "size"):
        assert len({getattr(original, field) for original in FILES}) == len(FILES)
    assert len({url for original in FILES for url in original.urls}) == sum(
        len(original.urls) for original in FILES)
