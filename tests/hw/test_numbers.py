"""The arithmetic against the oracle's definitions, exhaustively where that is possible."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.numbers import NumberFormat, floor_power_of_two, leak
from tests import oracle

TAUS = [1, 2, 4, 8, 16]

formats = st.builds(
    NumberFormat,
    steps_per_octave=st.sampled_from(TAUS), window=st.integers(1, 250),
    threshold_offset=st.sampled_from([0, 0.5]), weight_steps_per_octave=st.just(1),
    product_bits=st.integers(4, 20), potential_bits=st.integers(12, 32))


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("product_bits", range(4, 21))
def test_product_table(tau, product_bits):
    numbers = NumberFormat(steps_per_octave=tau, weight_steps_per_octave=1,
                           product_bits=product_bits)
    assert numbers.product_table == tuple(
        oracle.lookup(tau, product_bits, fraction) for fraction in range(tau))


@settings(deadline=None)   # a shared machine is sometimes slow
@given(formats, st.integers(0, 400))
def test_product(numbers, exponent):
    assert numbers.product(exponent) == oracle.product(numbers, exponent)


@settings(deadline=None)   # a shared machine is sometimes slow
@given(formats, st.integers(-(1 << 31), (1 << 31) - 1), st.integers(-300, 600))
def test_firing(numbers, potential, threshold_step):
    assert numbers.fire(potential, threshold_step) == oracle.fire(
        numbers, potential, threshold_step)


@settings(deadline=None)   # a shared machine is sometimes slow
@given(formats, st.integers(-10, 500), st.integers(-1, 1))
def test_firing_turns_exactly_at_the_threshold(numbers, level, distance):
    potential = numbers.firing_threshold(level) + distance
    assert numbers.fire(potential, level + 3) == oracle.fire(numbers, potential, level + 3)


@settings(deadline=None)   # a shared machine is sometimes slow
@given(formats, st.integers(0, 500))
def test_level_is_the_largest_threshold_reached(numbers, level):
    threshold = numbers.firing_threshold(level)
    assert numbers.level(threshold) >= level
    assert threshold == 1 or numbers.level(threshold - 1) < level


@pytest.mark.parametrize("tau", TAUS)
def test_firing_threshold_is_the_first_potential_at_its_power(tau):
    numbers = NumberFormat(steps_per_octave=tau, weight_steps_per_octave=1)
    for level in range(8 * tau):
        threshold = numbers.firing_threshold(level)
        assert oracle.is_at_least_power(threshold, 2 * level - 1, 2 * tau)
        assert threshold == 1 or not oracle.is_at_least_power(threshold - 1, 2 * level - 1, 2 * tau)


def test_exponent_adds_spike_offset_and_weight():
    numbers = NumberFormat(steps_per_octave=8, weight_steps_per_octave=2)
    assert numbers.exponent(spike=5, weight=-4, offset=7) == 5 + 7 + 3 * 4


def test_leak_rounds_toward_minus_infinity():
    assert [leak(v, 128) for v in (-3, -2, -1, 0, 1, 3)] == [-2, -1, -1, 0, 0, 1]
    assert leak(-77, 256) == -77 and leak(77, 0) == 0


def test_floor_power_of_two():
    assert [floor_power_of_two(n, 2) for n in (-1, 0, 1, 2, 3, 7)] == [0, 1, 1, 2, 2, 11]


@pytest.mark.parametrize(("field", "value", "message"), [
    ("steps_per_octave", 3, r"steps_per_octave must be 1, 2, 4, 8 or 16, not 3"),
    ("steps_per_octave", 4.0, r"steps_per_octave must be an integer, not 4\.0"),
    ("window", 0, r"window must be 1 to 250, not 0"),
    ("window", 251, r"window must be 1 to 250, not 251"),
    ("window", True, r"window must be an integer, not True"),
    ("threshold_offset", 0.25, r"threshold_offset must be 0 or 0\.5, not 0\.25"),
    ("weight_bits", 1, r"weight_bits must be 2 to 8, not 1"),
    ("weight_steps_per_octave", 8, r"weight_steps_per_octave must divide .* \(4\), not 8"),
    ("weight_steps_per_octave", 0, r"weight_steps_per_octave must divide .* \(4\), not 0"),
    ("product_bits", 21, r"product_bits must be 4 to 20, not 21"),
    ("potential_bits", 33, r"potential_bits must be 12 to 32, not 33")])
def test_wrong_fields_are_refused(field, value, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        NumberFormat(**{field: value})
