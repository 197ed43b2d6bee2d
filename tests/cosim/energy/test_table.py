"""What memories and logic cost: entries, between them, and where there are none."""

from itertools import pairwise, product

import pytest

from cosim.energy import TableError, load_table
from cosim.energy.table import METHODS


@pytest.fixture(scope="module")
def table():
    return load_table("28nm")


def energy(table, size, bits, action="read"):
    return table.memory("weight", action, size_bytes=size, bits=bits).energy_pj


@pytest.mark.parametrize(("size", "bits", "action", "picojoules"), [
    (1024, 32, "read", 0.5483), (1024, 32, "write", 0.8451), (8192, 64, "write", 3.272),
    (524288, 64, "read", 27.02), (256, 8, "read", 0.1895)])
def test_an_entry_is_its_own_value(table, size, bits, action, picojoules):
    cost = table.memory("weight", action, size_bytes=size, bits=bits)
    assert (cost.energy_pj, cost.method, cost.note, cost.parts) == (picojoules, "cacti", None, 1)


def test_between_sizes_an_access_costs_the_geometric_mean(table):
    # Halfway in log(size) between 32 KB and 64 KB.
    assert energy(table, 32768 * 2 ** 0.5, 64) == pytest.approx((6.469 * 9.992) ** 0.5)


def test_between_widths_too(table):
    assert energy(table, 1024, 16 * 2 ** 0.5) == pytest.approx((0.4794 * 0.5483) ** 0.5)


def test_a_narrow_port_is_not_cheap(table):
    """The word lines and bit lines of a row move whatever is taken from it."""
    cost = table.memory("spike", "read", size_bytes=5120, bits=5)
    assert cost.energy_pj == energy(table, 5120, 8) > 0.7 * energy(table, 5120, 16)
    assert cost.width_bits == 8 and cost.note == "5 bits wide: costs as much as 8 bits"


def test_a_wide_port_is_several_memories(table):
    cost = table.memory("instruction", "read", size_bytes=4096, bits=128)
    assert (cost.parts, cost.width_bits, cost.size_bytes) == (2, 64, 2048)
    assert cost.energy_pj == 1.156 and cost.note == "128 bits wide: 2 memories side by side"


@pytest.mark.parametrize(("size", "bits"), [(3, 5), (79, 79), (255, 24), (510, 128)])
def test_below_the_smallest_entry_are_registers(table, size, bits):
    cost = table.memory("spike", "read", size_bytes=size, bits=bits)
    assert (cost.component, cost.method) == ("register_file", "estimate")
    assert cost.energy_pj == pytest.approx(0.085 / 16 * bits) and cost.size_bytes == size
    area = table.memory_area("spike", size_bytes=size, bits=bits)
    assert area.area_mm2 == pytest.approx(8 * size * 0.00000327)


def test_nothing_is_extrapolated_above(table):
    for look_up in (table.memory_area, lambda *at, **of: table.memory(*at, "read", **of)):
        with pytest.raises(TableError,
                           match=r"28nm: the weight memory has 1025 KB.*above 1024 KB"):
            look_up("weight", size_bytes=1025 << 10, bits=10)


@pytest.mark.parametrize("name", ["28nm", "45nm-horowitz"])
@pytest.mark.parametrize("bits", [8, 12, 24, 64])
def test_larger_memories_cost_more(name, bits):
    """A check of the figures: sizes of a factor of four, whose trend no organisation hides."""
    table = load_table(name)
    for action, sizes in product(("read", "write"), pairwise(4 ** power for power in range(4, 11))):
        low, high = (energy(table, size, bits, action) for size in sizes)
        assert low < high < 6 * low, (action, sizes)


@pytest.mark.parametrize("name", ["28nm", "45nm-horowitz"])
@pytest.mark.parametrize(("size", "bits"), [(384, 12), (3072, 24), (4096, 32), (65536, 64)])
def test_a_second_port_costs_energy_and_twice_the_area(name, size, bits):
    table = load_table(name)
    for action in ("read", "write"):
        one, two = (table.memory("potential", action, size_bytes=size, bits=bits, ports=ports)
                    for ports in (1, 2))
        assert (one.component, two.component) == ("sram", "sram_1r1w")
        assert 1.1 < two.energy_pj / one.energy_pj < 1.8
    one, two = (table.memory_area("potential", size_bytes=size, bits=bits, ports=ports).area_mm2
                for ports in (1, 2))
    assert 1.8 < two / one < 2.3


def test_a_mixture_is_trusted_as_its_worst_part():
    """Horowitz gives 8 KB and 32 KB at 64 bits; between them, and beside them, all is derived."""
    horowitz = load_table("45nm-horowitz")
    methods = [horowitz.memory("weight", "read", size_bytes=size, bits=bits).method
               for size, bits in ((8192, 64), (9000, 64), (8192, 32))]
    assert methods == ["literature", "derived", "derived"]
    assert METHODS.index("literature") < METHODS.index("derived") < METHODS.index("estimate")


def test_logic_costs_the_same_for_each_bit(table):
    assert table.logic("adder", "add", bits=16).energy_pj == pytest.approx(0.093 * 16 / 24)


def test_missing_figures_are_named(table):
    with pytest.raises(TableError, match=r"28nm: fp_adder\.add is missing"):
        table.logic("fp_adder", "add", bits=32)
    with pytest.raises(TableError, match="45nm-int32-operations: the area of sram is missing"):
        load_table("45nm-int32-operations").memory_area("weight", size_bytes=1024, bits=8)
