"""The account recomputed by hand, and the rules that hold for any counts."""

import math
import random

import pytest

from cosim.energy import (
    CATEGORIES,
    COMPONENTS,
    TableError,
    check_table,
    components_uj,
    dram_sensitivity,
    energy_rows,
    energy_uj,
    load_table,
)
from hw.config import CONFIGURATIONS, Configuration
from hw.counters import COUNTERS

TABLE, HOROWITZ = load_table("28nm"), load_table("45nm-horowitz")
# Sizes such that each memory meets an entry of the table, or a point that is easy to work out.
CONFIG = Configuration(
    name="hand", lanes=4, weight_depth=16384, weight_buffer_depth=32, pointer_depth=256,
    potential_depth=2048, channel_depth=64, spike_depth=8192, pixel_depth=8192)
KEYS = ("table", *CATEGORIES, "total_on_chip", "total")


def counts(**some):
    return dict.fromkeys(COUNTERS, 0) | some


def random_counts(seed: int) -> dict[str, float]:
    rng = random.Random(seed)
    return {name: rng.randrange(10**6) / 3 for name in COUNTERS}


def energy(**some):
    """Return the components that counts cost something in, in microjoules."""
    found = components_uj(counts(**some), CONFIG, TABLE)
    return {key: value for key, value in found.items() if value}


def between(low, high, place):
    return low ** (1 - place) * high ** place


@pytest.mark.parametrize(("count", "component", "picojoules"), [
    # One addition of 24 bits, one of 16 bits, and four comparisons of 24 bits.
    ("neuron_updates", "firing", 0.093 + 0.093 * 16 / 24 + 4 * 0.009 * 24 / 16),
    # Half of 16384 entries of 9 bits, rows having two, are 9216 bytes: 0.169925 of the way from
    # 8 KB to 16 KB; 9 bits are 0.169925 of the way from 8 to 16.
    ("weight_reads", "weight_memory", between(between(1.614, 2.029, 0.169925),
                                              between(2.902, 3.131, 0.169925), 0.169925)),
    # 16 rows of 9 bits are registers.
    ("weight_buffer_writes", "weight_buffer", 0.085 * 9 / 16),
    # 2048 potentials of 24 bits are 6144 bytes, 0.584963 of the way from 4 KB to 8 KB; 24 bits
    # are 0.584963 of the way from 16 to 32. Two ports.
    ("potential_reads", "potentials", between(between(1.805, 2.069, 0.584963),
                                              between(2.305, 2.815, 0.584963), 0.584963)),
    ("potential_writes", "potentials", between(between(1.256, 1.817, 0.584963),
                                               between(1.755, 2.431, 0.584963), 0.584963)),
    # 8192 spikes of 5 bits are 5120 bytes, read as 8 bits are.
    ("spike_writes", "spikes", between(0.8524, 1.058, 0.321928)),
    # 8192 pixels of 8 bits, and 256 rows of 64 bits, are entries of the table.
    ("pixel_reads", "image", 1.614), ("input_bits", "image", 1.058 / 8),
    ("input_table_reads", "image", 1.156),
    ("dram_read_bits", "dram", 8.0)])
def test_one_count_by_hand(count, component, picojoules):
    assert energy(**{count: 1e6}) == {component: pytest.approx(picojoules, rel=1e-5)}


def test_an_operation_is_a_product_an_addition_and_what_leads_to_them():
    assert energy(synaptic_operations=1e6) == {
        "multiplier": pytest.approx(0.028), "accumulator": pytest.approx(0.093),
        "lanes": pytest.approx(0.417)}


@pytest.mark.parametrize(("component", "counters"), [
    ("weight_memory", ["weight_reads"]),
    ("weight_buffer", ["weight_buffer_reads", "weight_buffer_writes"]),
    ("pointers", ["pointer_reads", "pointer_buffer_reads", "pointer_buffer_writes"]),
    ("potentials", ["potential_reads", "potential_writes"]),
    ("spikes", ["spike_reads", "spike_writes"]),
    ("image", ["pixel_reads", "input_table_reads", "input_bits"]), ("firing", ["neuron_updates"]),
    ("bias_and_instructions", ["bias_reads", "instruction_reads"]),
    ("queues", ["queue_writes"]), ("dispatch", ["events"]), ("dram", ["dram_read_bits"])])
def test_each_count_belongs_to_one_component(component, counters):
    for counter in counters:
        assert set(energy(**{counter: 1e6})) == {component}


def test_a_cycle_costs_the_clock_of_each_lane_and_leaks():
    found = energy(cycles=1e6)
    assert set(found) == {"clock", "leakage"} and found["clock"] == pytest.approx(4 * 1.16)


@pytest.mark.parametrize(("table", "picojoules"), [
    (TABLE, (17.7 + 38.2) * 0.0304), (HOROWITZ, (17.7 + 38.2) * 0.0304 / 0.51)])
def test_a_busy_lane_costs_what_was_measured(table, picojoules):
    """One operation in each cycle of a lane: 17.7 pJ of changes and 38.2 of clock at 130 nm."""
    found = energy_uj(counts(cycles=1e6, synaptic_operations=4e6), CONFIG, table)
    assert found["compute"] + found["control"] == pytest.approx(4 * picojoules, rel=2e-3)


@pytest.mark.parametrize("table", [TABLE, HOROWITZ], ids=lambda table: table.name)
@pytest.mark.parametrize("seed", range(3))
def test_rows_components_categories_and_layers_add_up(seed, table):
    layers = [random_counts(3 * seed + layer) for layer in range(3)]
    total = {name: sum(layer[name] for layer in layers) for name in COUNTERS}
    parts = [energy_uj(layer, CONFIG, table) for layer in layers]
    whole, components = energy_uj(total, CONFIG, table), components_uj(total, CONFIG, table)
    rows = energy_rows(total, CONFIG, table)
    assert tuple(whole) == KEYS and tuple(components) == tuple(COMPONENTS)
    for key in KEYS[1:]:
        assert whole[key] == pytest.approx(sum(part[key] for part in parts)), f"seed {seed} {key}"
    assert whole["total"] == math.fsum(row["energy_uj"] for row in rows)
    assert whole["total_on_chip"] == math.fsum(row["energy_uj"] for row in rows
                                               if row["component"] != "dram")
    for category in CATEGORIES:
        assert whole[category] == pytest.approx(sum(
            components[name] for name, own in COMPONENTS.items() if own == category))
    for name, found in components.items():
        assert found == math.fsum(row["energy_uj"] for row in rows if row["component"] == name) > 0


def test_a_row_is_a_count_times_a_constant():
    total = random_counts(9)
    for row in energy_rows(total, CONFIG, TABLE):
        assert row["count"] == pytest.approx(total[row["counter"]] * row["per_count"])
        assert row["energy_uj"] == pytest.approx(row["count"] * row["energy_pj"] / 1e6)
        assert row["source"] and row["method"] and row["energy_pj"] > 0


def test_a_row_says_what_stands_for_a_memory_that_is_not_in_the_table():
    rows = {(row["memory"], row["action"]): row for row in energy_rows(counts(), CONFIG, TABLE)}
    spike, potential = rows["spike", "read"], rows["potential", "read"]
    assert (spike["width_bits"], spike["note"]) == (8, "5 bits wide: costs as much as 8 bits")
    assert (potential["width_bits"], potential["size_bytes"], potential["note"]) == (24, 6144, None)
    wide = rows["instruction", "read"]
    width = CONFIG.memories["instruction"].width_bits
    assert wide["per_count"] == -(-width // 64) == 3 and wide["width_bits"] == width / 3
    assert wide["note"] == f"{width} bits wide: 3 memories side by side"
    assert rows["weight_buffer", "read"]["primitive"] == "register_file"
    assert rows["weight_buffer", "read"]["method"] == "estimate"


def test_memories_that_are_read_and_written_in_one_cycle_have_two_ports():
    vgg = energy_rows(counts(), CONFIGURATIONS["vgg"], TABLE)
    assert {row["memory"] for row in vgg if row["primitive"] == "sram_1r1w"} == {
        "potential", "weight_buffer", "pointer_buffer"}
    assert {row["memory"] for row in vgg if row["primitive"] == "sram"} == {
        "weight", "pointer", "channel", "spike", "pixel", "input_table", "instruction"}


def test_dram_sensitivity():
    found = dram_sensitivity(counts(dram_read_bits=1e6), CONFIG, TABLE)
    assert found == {4: pytest.approx(4), 8: pytest.approx(8), 12.45: pytest.approx(12.45)}
    both = dram_sensitivity(counts(dram_read_bits=1e6), CONFIG, HOROWITZ)
    assert list(both) == [4, 8, 12.45, 1300 / 64, 2600 / 64]


@pytest.mark.parametrize("table", [TABLE, HOROWITZ], ids=lambda table: table.name)
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_named_configuration_has_figures(name, table):
    assert energy_uj(counts(cycles=1), CONFIGURATIONS[name], table)["total"] > 0


def test_every_access_counter_is_paid_for():
    paid = {row["counter"] for row in energy_rows(counts(), CONFIG, TABLE)}
    accesses = {name for name in COUNTERS if name.endswith(("_reads", "_writes", "_operations",
                                                            "_updates"))}
    assert accesses <= paid


def test_a_memory_without_figures_is_named():
    huge = Configuration(
        name="huge", lanes=2, row_entries=1, weight_depth=1 << 20, weight_buffer_depth=4,
        pointer_depth=2, potential_depth=2, channel_depth=2, spike_depth=2, pixel_depth=2)
    with pytest.raises(TableError, match="the weight memory has 1152 KB"):
        energy_uj(counts(), huge, TABLE)


@pytest.mark.parametrize("name", ["45nm-fp32-operations", "45nm-int32-operations"])
def test_conventions_of_papers_price_no_hardware(name):
    with pytest.raises(TableError, match=f"{name}: log_multiplier.multiply is missing"):
        check_table(CONFIG, load_table(name))
