"""Blocks, memories and cells of netlists, with hierarchy and without."""

from collections import Counter

import pytest

from cosim.synthesis.description import describe
from cosim.synthesis.netlist import Netlist
from hw.config import Memory

from .recorded import DESIGN, FLAT


@pytest.fixture
def netlist() -> Netlist:
    return Netlist(DESIGN, "top")


def test_numbered_instances_are_one_block(netlist):
    assert netlist.instances == {
        "processor": 1, "lane": 2, "lane/filter": 2, "lane/filter/fifo": 2, "taps": 1}


def test_parts_of_a_memory_are_one(netlist):
    assert netlist.memories == {"lane/weight": Memory(16, 9, 4)}


def test_cells_of_a_block_are_those_inside_it_too(netlist):
    assert netlist.cells["lane"] == Counter({"$_OR_": 2, "$_AND_": 2, "$_MUX_": 2,
                                             "$_SDFFE_PP0P_": 2})
    assert netlist.cells["processor"].total() == 2 * 4 + 2 + 1
    assert netlist.cells["lane/filter"] == netlist.cells["lane/filter/fifo"]


def test_without_hierarchy_names_tell_the_block():
    cells = Netlist(DESIGN, "top", flat=FLAT).cells
    assert cells["lane/filter/fifo"] == Counter({"TRELLIS_FF": 2, "LUT4": 1})
    assert cells["lane"] == cells["lane/filter/fifo"] + Counter({"DP16KD": 1})
    assert cells["taps"] == Counter({"LUT4": 1})
    assert cells["processor"].total() == 6


@pytest.mark.parametrize("name, block", [
    ("lane_1.filter.fifo.level", "lane/filter/fifo"), ("lane_0.filterless.x", "lane"),
    ("lane_0.weight_1", "lane/weight"), ("taps$12.index[3]", "taps"), ("rst", "processor")])
def test_a_name_belongs_to_the_innermost_block(netlist, name, block):
    assert netlist.block_of(name) == block


def test_figures_are_of_one_instance():
    found = describe(Netlist(DESIGN, "top", flat=FLAT), {"luts": lambda cells: cells["LUT4"]})
    assert found["total"] == {"luts": 3, "memory_bits": 16 * 9 * 4}
    assert {block["block"]: block["luts"] for block in found["blocks"]}["lane"] == 0.5
    assert found["memories"] == [{"memory": "lane/weight", "instances": 4, "words": 16,
                                  "width_bits": 9, "bits": 576}]
