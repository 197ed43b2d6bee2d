"""Groups and attributes of Liberty files."""

import pytest

from cosim.logic_energy.liberty import read_cells, read_header
from cosim.synthesis.library import LibraryError

from .library import LIBRARY


def test_header_is_the_library_without_its_cells():
    header = read_header(LIBRARY)
    assert header.attributes["capacitive_load_unit"] == "1 pf"
    assert header.number("nom_voltage") == 2.0
    assert [group.kind for group in header.groups] == [
        "power_lut_template", "lu_table_template"]


def test_a_cell_has_its_groups():
    cell = read_cells(LIBRARY, ["inv"])["inv"]
    power, = cell.all("pin")[1].all("internal_power")
    assert power.all("rise_power")[0].numbers("values").tolist() == [0, 1, 2, 3]
    assert [pin.arguments for pin in cell.all("pin")] == [("A",), ("Y",)]


def test_a_file_without_a_name_is_refused():
    with pytest.raises(LibraryError, match="library must be a group"):
        read_header("library { time_unit : 1; }")


@pytest.mark.parametrize("text, reason", [
    ("cell (a) { pin (A) {", "ends within a group"),
    ("cell (a) { area : 1 }", "area must end with a semicolon"),
    ("cell (a) { area }", "area must have a value"),
    ("cell (a) ; }", "must have a body, not ';'"),
    ("cell (a) { ) }", r"'\)' is out of place"),
    ("cell (a) { b (1; ) }", "must not be between parentheses"),
    ('cell (a) { area : "1', "is out of place")])
def test_another_text_is_refused(text, reason):
    with pytest.raises(LibraryError, match=reason):
        read_cells(text, ["a"])


def test_a_cell_must_be_there():
    with pytest.raises(LibraryError, match="must have a cell xor2"):
        read_cells(LIBRARY, ["inv", "xor2"])


@pytest.mark.parametrize("value", ["x", '""'])
def test_numbers_are_numbers(value):
    cell = read_cells(f"cell (a) {{ area : {value}; values ({value}); }}", ["a"])["a"]
    with pytest.raises(LibraryError, match="cell a: area must be a number"):
        cell.number("area")
    with pytest.raises(LibraryError, match="cell a: values must be numbers"):
        cell.numbers("values")
