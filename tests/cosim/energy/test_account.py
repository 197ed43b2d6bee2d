"""The account recomputed by hand, and the rules that hold for any counts."""

import random

import pytest

from cosim.energy import CATEGORIES, TableError, account, dram_sensitivity, energy_uj, load_table
from hw.config import CONFIGURATIONS, Configuration
from hw.counters import COUNTERS

TABLE = load_table("28nm")
# Sizes such that each memory meets an entry of the table, or a point that is easy to work out.
CONFIG = Configuration(
    name="hand", lanes=4, weight_depth=16384, weight_buffer_depth=512, pointer_depth=256,
    potential_depth=2048, channel_depth=64, spike_depth=8192, pixel_depth=8192)
KEYS = ("table", *CATEGORIES, "total_on_chip", "total")


def counts(**some):
    return dict.fromkeys(COUNTERS, 0) | some


def energy(**some):
    found = energy_uj(counts(**some), CONFIG, TABLE)
    assert tuple(found) == KEYS
    return {key: value for key, value in found.items() if key in CATEGORIES and value}


@pytest.mark.parametrize(("count", "category", "picojoules"), [
    # A product of 12 bits and an addition of 24.
    ("synaptic_operations", "compute", 0.264 + 0.093),
    # One addition of 24 bits, one of 16 bits, and four comparisons of 24 bits.
    ("neuron_updates", "compute", 0.093 + 0.093 * 16 / 24 + 4 * 0.009 * 24 / 16),
    # Half of 16384 entries of 9 bits, rows having two, are 9216 bytes: 0.16993 of the way from 8 KB
    # (2.70 pJ for 64 bits) to 16 KB (4.99 pJ).
    ("weight_reads", "weight_memory", 9 * 2.70 / 64 * (4.99 / 2.70) ** 0.169925),
    # 2048 potentials of 24 bits are 6144 bytes: 0.58496 of the way from 4 KB to 8 KB.
    ("potential_reads", "potential_memory",
     24 * 1.69 / 32 * ((2.70 / 64) / (1.69 / 32)) ** 0.584963),
    ("potential_writes", "potential_memory",
     24 * 1.48 / 32 * ((3.27 / 64) / (1.48 / 32)) ** 0.584963),
    # 8192 spikes of 5 bits are 5120 bytes.
    ("spike_writes", "spike_memory", 5 * 1.48 / 32 * ((3.27 / 64) / (1.48 / 32)) ** 0.321928),
    # 8192 pixels of 8 bits, and 256 rows of 64 bits, are entries of the table.
    ("pixel_reads", "spike_memory", 8 * 2.70 / 64),
    ("input_bits", "spike_memory", 3.27 / 64),
    ("input_table_reads", "spike_memory", 64 * 0.94 / 32),
    ("dram_read_bits", "dram", 8.0),
])
def test_one_count_by_hand(count, category, picojoules):
    assert energy(**{count: 1e6}) == {category: pytest.approx(picojoules, rel=1e-5)}


def test_a_cycle_costs_the_clock_of_each_lane_and_leaks():
    stored = sum(memory.words * memory.width_bits * memory.instances
                 for memory in CONFIG.memories.values())
    assert energy(cycles=1e6) == {"control": pytest.approx(4 * 0.867),
                                  "leakage": pytest.approx(stored / 8192 * 0.00055)}


def test_a_busy_lane_costs_what_was_measured():
    """One operation in each cycle of a lane: 2.4 pJ at 45 nm, times 0.51."""
    found = energy(cycles=1e6, synaptic_operations=4e6)
    assert found["compute"] + found["control"] == pytest.approx(4 * 2.4 * 0.51, rel=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_totals_are_sums_and_layers_add_up(seed):
    rng = random.Random(seed)
    layers = [counts(**{name: rng.randrange(10**6) for name in COUNTERS}) for _ in range(3)]
    total = {name: sum(layer[name] for layer in layers) for name in COUNTERS}
    parts = [energy_uj(layer, CONFIG, TABLE) for layer in layers]
    whole = energy_uj(total, CONFIG, TABLE)
    for key in KEYS[1:]:
        assert whole[key] == pytest.approx(sum(part[key] for part in parts)), f"seed {seed} {key}"
    assert whole["total"] == pytest.approx(sum(whole[key] for key in CATEGORIES))
    assert whole["total"] == pytest.approx(whole["total_on_chip"] + whole["dram"])
    assert whole["total"] == pytest.approx(
        sum(item.energy_uj for item in account(total, CONFIG, TABLE)))


def test_dram_sensitivity():
    found = dram_sensitivity(counts(dram_read_bits=1e6), CONFIG, TABLE)
    assert found == {4: pytest.approx(4), 8: pytest.approx(8), 12.45: pytest.approx(12.45)}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_named_configuration_has_figures(name):
    assert energy_uj(counts(cycles=1), CONFIGURATIONS[name], TABLE)["total"] > 0


def test_every_access_counter_is_paid_for():
    paid = {item.name for item in account(counts(), CONFIG, TABLE)}
    accesses = {name for name in COUNTERS if name.endswith(("_reads", "_writes", "_operations",
                                                            "_updates"))}
    assert accesses <= paid


def test_a_memory_without_figures_is_named():
    huge = Configuration(
        name="huge", lanes=2, row_entries=1, weight_depth=1 << 20, weight_buffer_depth=4,
        pointer_depth=2, potential_depth=2, channel_depth=2, spike_depth=2, pixel_depth=2)
    with pytest.raises(TableError, match="the weight memory has 1152 KB"):
        energy_uj(counts(), huge, TABLE)
