"""Configurations: names, files, and one case for each rule."""

import subprocess
import sys
from dataclasses import fields, replace

import pytest

from hw.config import (
    CHOICES,
    CONFIGURATIONS,
    POWERS_OF_TWO,
    RANGES,
    Configuration,
    ConfigurationError,
    load_configuration,
)
from hw.numbers import NumberFormat

NUMBERS = NumberFormat(window=7, product_bits=9)
NAMES, TINY = "tiny, demo, fpga, compact, vgg, vgg-dense", CONFIGURATIONS["tiny"]
# Its sizes need not be multiples of anything.
NARROW = replace(TINY, row_entries=1)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_named_configurations_take_the_numbers_of_a_network(name):
    config = load_configuration(name, NUMBERS)
    assert config == replace(CONFIGURATIONS[name], numbers=NUMBERS)
    assert config.name == name


def test_names_promise_at_least():
    assert [(name, config.lanes) for name, config in CONFIGURATIONS.items()] == [
        ("tiny", 4), ("demo", 16), ("fpga", 16), ("compact", 32), ("vgg", 64), ("vgg-dense", 64)]
    assert replace(CONFIGURATIONS["fpga"], name="demo", deep_pipeline=False) == (
        CONFIGURATIONS["demo"])
    assert CONFIGURATIONS["vgg-dense"].weight_depth >= 2 * CONFIGURATIONS["vgg"].weight_depth
    assert all(config.leaky and config.counters for config in CONFIGURATIONS.values())
    assert TINY.max_kernel == 7
    assert TINY.potential_depth >= 2048 and TINY.weight_depth >= 16384
    assert TINY.pointer_depth >= 8192 and TINY.pixel_depth >= 8192


def test_a_file_changes_its_base(tmp_path):
    path = tmp_path / "wide.toml"
    path.write_text('base = "demo"\nlanes = 32\ncounters = false\n')
    assert load_configuration(str(path), NUMBERS) == replace(
        CONFIGURATIONS["demo"], name="wide", lanes=32, counters=False, numbers=NUMBERS)


def test_a_file_may_name_itself(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('base = "tiny"\nname = "small"\n')
    assert load_configuration(str(path), NUMBERS).name == "small"


@pytest.mark.parametrize("text, message", [
    ("", f"base must be one of {NAMES}, not None"),
    ('base = "huge"', f"base must be one of {NAMES}, not 'huge'"),
    ('base = ["tiny"]', f"base must be one of {NAMES}, not ['tiny']"),
    ('base = "tiny"\nlans = 8', "unknown key 'lans'"),
    ('base = "tiny"\nnumbers = 3', "unknown key 'numbers'"),
    ('base = "tiny"\nlanes = 3', f"lanes must be one of {CHOICES['lanes']}, not 3"),
    ('base = "tiny"\ncounters = 1', "counters must be true or false, not 1"),
    ('base = "tiny"\nleaky = "no"', "leaky must be true or false, not 'no'"),
    ('base = "tiny"\ndeep_pipeline = 2', "deep_pipeline must be true or false, not 2"),
    ("base =", "not a TOML file (Invalid value (at end of document))")])
def test_errors_of_a_file_name_it_and_what_is_wrong(text, message, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(str(path), NUMBERS)
    assert str(caught.value) == f"{path}: {message}"


def test_a_file_that_is_not_text(tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="not a TOML file"):
        load_configuration(str(path), NUMBERS)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        load_configuration(str(tmp_path / "nowhere.toml"), NUMBERS)


def test_an_unknown_name():
    with pytest.raises(ConfigurationError) as caught:
        load_configuration("huge", NUMBERS)
    assert str(caught.value) == (
        f"config must be one of {NAMES} or a .toml file, not 'huge'")


@pytest.mark.parametrize("name", RANGES)
def test_ranges(name):
    low, high = RANGES[name]
    for value in (low, high):
        assert getattr(replace(NARROW, **{name: value}), name) == value
    for value in (low - 1, high + 1, float(low), None, True):
        with pytest.raises(ConfigurationError) as caught:
            replace(NARROW, **{name: value})
        assert str(caught.value) == f"{name} must be {low} to {high}, not {value!r}"


@pytest.mark.parametrize("name", CHOICES)
def test_choices(name):
    for value in CHOICES[name]:
        assert getattr(replace(TINY, **{name: value}), name) == value
    for value in (0, 3, 2 * CHOICES[name][-1], float(CHOICES[name][0]), str(CHOICES[name][0])):
        with pytest.raises(ConfigurationError) as caught:
            replace(TINY, **{name: value})
        assert str(caught.value) == f"{name} must be one of {CHOICES[name]}, not {value!r}"


@pytest.mark.parametrize("name", POWERS_OF_TWO)
def test_powers_of_two(name):
    with pytest.raises(ConfigurationError, match=f"{name} must be a power of two, not 24"):
        replace(TINY, **{name: 24})


def test_weights_are_whole_rows():
    with pytest.raises(ConfigurationError) as caught:
        replace(TINY, weight_depth=1026, row_entries=4)
    assert str(caught.value) == "weight_depth must be a multiple of row_entries (4), not 1026"


def test_the_weight_buffer_has_two_rows():
    replace(TINY, weight_buffer_depth=8, row_entries=4)
    with pytest.raises(ConfigurationError) as caught:
        replace(TINY, weight_buffer_depth=4, row_entries=4)
    assert str(caught.value) == "weight_buffer_depth must be at least two rows of 4, not 4"


def test_the_hash_covers_every_field():
    changes = {"name": "other", "counters": False, "deep_pipeline": True, "leaky": False,
               "numbers": NUMBERS} | {
        name: RANGES[name][1] for name in RANGES if name != "max_kernel"} | {
        name: choices[-1] for name, choices in CHOICES.items()} | {"max_kernel": 3}
    assert changes.keys() == {field.name for field in fields(Configuration)}
    hashes = {replace(TINY, **{name: value}).sha256 for name, value in changes.items()}
    assert len({TINY.sha256} | hashes) == len(changes) + 1
    assert replace(TINY).sha256 == TINY.sha256


@pytest.mark.parametrize("row_entries", CHOICES["row_entries"])
def test_memories(row_entries):
    config = replace(CONFIGURATIONS["demo"], row_entries=row_entries)
    memories = config.memories
    assert memories["potential"] == (256, 24, 16)
    assert memories["weight"] == (1024 // row_entries, 4 + 5, 16 * row_entries)
    assert memories["weight"].bits == 1024 * 9 * 16
    assert memories["weight_buffer"] == (128 // row_entries, 4 + 5, 16 * row_entries)
    # Start and count reach 1024; nine taps.
    assert memories["pointer"] == (config.pointer_depth, 2 * 11 + 9, 16)
    assert memories["pointer_buffer"] == (2 * 16, 2 * 11 + 9, 16)
    assert memories["input_table"] == (256, 64, 1)
    assert memories["pixel"] == (256, 8, 1)
    assert memories["spike"] == (512, 5, 16)
    assert memories["instruction"].words == config.instruction_depth


def test_does_without_the_hardware_language():
    script = "import hw.config, sys; print('amaranth' in sys.modules)"
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                              check=True)
    assert finished.stdout.strip() == "False"
