"""The mutants still fit the RTL; that the tests kill them takes minutes, see ``run.py``."""

import re

import pytest

from tests.mutants.run import ROOT, apply, patches


@pytest.mark.parametrize("name", patches())
def test_patch_applies_and_changes_one_line_of_the_rtl(name):
    patch = patches()[name]
    apply(patch, ROOT, "--check")
    text = patch.read_text()
    assert re.findall(r"^\+\+\+ b/(\w+)/", text, re.MULTILINE) == ["hw"]
    for sign in "+-":
        assert len(re.findall(rf"^\{sign}(?!\{sign})", text, re.MULTILINE)) == 1


def test_there_are_mutants():
    assert len(patches()) >= 5
