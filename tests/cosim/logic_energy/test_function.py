"""Functions of Liberty as truth tables."""

import pytest

from cosim.logic_energy.function import truth_table
from cosim.synthesis.library import LibraryError

AB = ["A", "B"]


def rows(function, names=("A", "B", "C")) -> list:
    """Return a Python function's values for all inputs, the first one changing fastest."""
    inputs = [[row >> index & 1 for index in range(len(names))] for row in range(1 << len(names))]
    return sum(bool(function(*values)) << row for row, values in enumerate(inputs))


@pytest.mark.parametrize("text, meaning", [
    ("A B + C", lambda a, b, c: (a and b) or c),
    ("A*(B+C)", lambda a, b, c: a and (b or c)),
    ("A&B^C", lambda a, b, c: (a and b) != c),
    ("A^B|C", lambda a, b, c: a != b or c),
    ("!A B", lambda a, b, c: not a and b),
    ("(A B)' + C'", lambda a, b, c: not (a and b) or not c),
    ("A''", lambda a, b, c: a),
    ("!(A)(B)", lambda a, b, c: not a and b),
    ("1", lambda a, b, c: True), ("A 0", lambda a, b, c: False)])
def test_operators_bind_as_in_liberty(text, meaning):
    assert truth_table(text, ["A", "B", "C"]) == rows(meaning)


@pytest.mark.parametrize("text, reason", [
    ("A+C", "must be of A, B, not of C"), ("(A", "closing parenthesis"), ("A)", "end before"),
    ("A+", "not of nothing"), ("", "not of nothing"), ("A%B", "must not have '%B'")])
def test_another_function_is_refused(text, reason):
    with pytest.raises(LibraryError, match=reason):
        truth_table(text, AB)


def test_too_many_inputs_are_refused():
    with pytest.raises(LibraryError, match="at most 6 inputs, not 7"):
        truth_table("A", list("ABCDEFG"))
