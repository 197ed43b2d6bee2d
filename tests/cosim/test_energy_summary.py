"""Lines and tables about energy: what they show, and what they leave out."""

from cosim.energy import CATEGORIES, COMPONENTS
from cosim.energy_summary import (
    CATEGORY_NAMES,
    area_line,
    component_table,
    energy_line,
    sensitivity_line,
)

NOTHING = dict.fromkeys(CATEGORIES, 0.0)


def test_every_category_has_a_name():
    assert tuple(CATEGORY_NAMES) == CATEGORIES


def test_components_from_the_largest_without_those_that_cost_nothing():
    components = dict.fromkeys(COMPONENTS, 0.0) | {
        "clock": 1.0, "potentials": 2.5, "bias_and_instructions": 0.5}
    table = component_table({"components_uj": components, "energy_uj": {"total": 4.0}})
    columns = [list(column.cells) for column in table.columns]
    assert columns == [["potentials", "clock", "bias and instructions"],
                       ["potentials", "control", "control"], ["2.5000", "1.0000", "0.5000"],
                       ["62.5%", "25.0%", "12.5%"]]


def test_energy_line_names_parts_that_cost_something():
    energy = {"table": "28nm", "total": 3.0} | NOTHING | {"compute": 1.0, "dram": 2.0}
    assert energy_line(energy) == (
        "3.0000 µJ per image (table 28nm): compute 1.0000, DRAM 2.0000")


def test_sensitivity_line():
    assert sensitivity_line({"4": 1.0, "12.45": 2.0}) == (
        "with DRAM at 4, 12.45 pJ a bit: 1.0000, 2.0000 µJ")


def test_area_line_has_memories_from_the_largest():
    assert area_line({"memories": {"pixel": 0.1, "weight_buffer": 0.2}, "memory": 0.3,
                      "logic": 0.05, "total": 0.35}) == (
        "0.3500 mm²: logic 0.0500, memories 0.3000 (weight buffer 0.2000, pixel 0.1000)")
