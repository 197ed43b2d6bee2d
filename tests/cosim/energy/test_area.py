"""Area of memories and logic by hand, and the leakage that follows from it."""

from dataclasses import replace

import pytest

from cosim.energy import (
    TableError,
    area_mm2,
    check_table,
    energy_rows,
    energy_uj,
    load_table,
)
from hw.config import Configuration
from hw.counters import COUNTERS

TABLE = load_table("28nm")
# Pixels are 8192 bytes, 8 bits wide: an entry. Eight weight buffers of 16 entries of 9 bits.
CONFIG = Configuration(
    name="hand", lanes=4, weight_depth=16384, weight_buffer_depth=32, pointer_depth=256,
    potential_depth=2048, channel_depth=64, spike_depth=8192, pixel_depth=8192)
CYCLES = dict.fromkeys(COUNTERS, 0) | {"cycles": 1e6}


def test_area_by_hand():
    found = area_mm2(CONFIG, TABLE)
    assert set(found["memories"]) == set(CONFIG.memories)
    assert found["memories"]["pixel"] == pytest.approx(0.01236)
    assert found["memories"]["weight_buffer"] == pytest.approx(8 * 16 * 9 * 0.00000327)
    # 6144 bytes x 24 bits, 0.584963 of the way in both, two ports; four lanes.
    place = 0.584963
    low, high = (a ** (1 - place) * b ** place
                 for a, b in ((0.01111, 0.01131), (0.02371, 0.02153)))
    assert found["memories"]["potential"] == pytest.approx(
        4 * low ** (1 - place) * high ** place, rel=1e-4)
    assert found["logic"] == pytest.approx(4 * 1.109 / 16 * 0.059, rel=1e-3)
    assert found["memory"] == pytest.approx(sum(found["memories"].values()))
    assert found["total"] == found["memory"] + found["logic"]


def test_leakage_is_area_times_power_times_time():
    """The pixel memory: 0.01236 mm² of 82.95 µW/mm², for 1e6 cycles at 400 MHz."""
    rows = [row for row in energy_rows(CYCLES, CONFIG, TABLE) if row["component"] == "leakage"]
    by_memory = {row["memory"]: row["energy_uj"] for row in rows}
    assert set(by_memory) == {*CONFIG.memories, "logic"}
    assert by_memory["pixel"] == pytest.approx(0.01236 * 82.95e-6 * 1e6 / 400e6 * 1e6, rel=1e-3)
    assert by_memory["logic"] == pytest.approx(4 * 0.00409 * 108e-6 * 1e6 / 400e6 * 1e6)
    assert energy_uj(CYCLES, CONFIG, TABLE)["leakage"] == pytest.approx(sum(by_memory.values()))


def test_a_table_without_a_clock_or_an_area_prices_no_hardware():
    with pytest.raises(TableError, match="28nm: clock_MHz is missing"):
        check_table(CONFIG, replace(TABLE, clock_mhz=None))
    with pytest.raises(TableError, match="28nm: the area of lane is missing"):
        check_table(CONFIG, replace(TABLE, areas={
            name: found for name, found in TABLE.areas.items() if name != "lane"}))


def test_area_of_leaking_rows_is_the_area():
    rows = energy_rows(CYCLES, CONFIG, TABLE)
    leaking = sum(row["area_mm2"] * row["per_count"] for row in rows if row["area_mm2"])
    assert leaking == pytest.approx(area_mm2(CONFIG, TABLE)["total"])
