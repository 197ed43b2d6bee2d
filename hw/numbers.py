"""The arithmetic of firstspike, exact: spikes, logarithmic weights, products, firing.

Plain Python, standard library only. Everything that must agree bit by bit (training export, golden
model, compiler, hardware) takes its tables and thresholds from here. No floating point takes part.
"""

from dataclasses import dataclass
from functools import cached_property
from math import isqrt

__all__ = ["LEAK_ONE", "MAX_OFFSET", "MAX_STEPS", "NumberFormat", "floor_power_of_two", "leak"]

# A leak is a fraction in 1/256: 256 keeps the whole potential.
LEAK_ONE = 256
# Largest constant that a synapse group may add to the exponent of its products.
MAX_OFFSET = 63
# Largest number of steps of a leaky integrate-and-fire network.
MAX_STEPS = 32

RANGES = {"window": (1, 250), "weight_bits": (2, 8), "product_bits": (4, 20),
          "potential_bits": (12, 32)}


def leak(potential: int, fraction: int) -> int:
    """Return ``floor(fraction * potential / 256)``, toward minus infinity.

    >>> leak(-1, 128)
    -1
    """
    return (fraction * potential) >> 8


def floor_power_of_two(numerator: int, denominator: int) -> int:
    """Return ``floor(2 ** (numerator / denominator))``; ``denominator`` is a power of two.

    Nested integer square roots give the exact floor of the root.
    """
    if numerator < 0:
        return 0
    value = 1 << numerator
    while denominator > 1:
        value = isqrt(value)
        denominator >>= 1
    return value


def _ceil_power_of_two(numerator: int, denominator: int) -> int:
    """Return ``ceil(2 ** (numerator / denominator))``; ``denominator`` is a power of two."""
    floor = floor_power_of_two(numerator, denominator)
    is_exact = numerator >= 0 and numerator % denominator == 0
    return floor if is_exact else floor + 1


@dataclass(frozen=True, kw_only=True)
class NumberFormat:
    """Number format of one network, shared by every side of firstspike.

    Parameters
    ----------
    steps_per_octave
        τ, time steps in which the value of a spike halves: 1, 2, 4, 8 or 16.
    window
        T, a neuron fires at one of the steps 0 … T−1 or stays silent, 1 to 250.
    threshold_offset
        δ, 0 (floor) or 1/2 (round to nearest, in the logarithm).
    weight_bits
        b, sign and b−1 magnitude bits of a weight code, 2 to 8.
    weight_steps_per_octave
        ρ, weight codes in which a magnitude halves; divides τ.
    product_bits
        F, fraction bits of a product, 4 to 20.
    potential_bits
        A, width of the signed membrane potential, 12 to 32.

    Raises ``ValueError`` that names field, rule and value.

    >>> numbers = NumberFormat()
    >>> numbers.product_table
    (4096, 3444, 2896, 2435)
    >>> numbers.product(numbers.exponent(spike=5, weight=3))
    861
    >>> numbers.fire(4096, threshold_step=48), numbers.fire(0, threshold_step=48)
    (0, 24)
    """

    steps_per_octave: int = 4
    window: int = 24
    threshold_offset: float = 0.5
    weight_bits: int = 5
    weight_steps_per_octave: int = 2
    product_bits: int = 12
    potential_bits: int = 24

    def __post_init__(self):
        for name in ("steps_per_octave", "weight_steps_per_octave", *RANGES):
            if type(getattr(self, name)) is not int:
                raise ValueError(f"{name} must be an integer, not {getattr(self, name)!r}")
        if self.steps_per_octave not in (1, 2, 4, 8, 16):
            raise ValueError(
                f"steps_per_octave must be 1, 2, 4, 8 or 16, not {self.steps_per_octave}")
        for name, (low, high) in RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be {low} to {high}, not {getattr(self, name)}")
        if type(self.threshold_offset) not in (int, float) or self.threshold_offset not in (0, 0.5):
            raise ValueError(f"threshold_offset must be 0 or 0.5, not {self.threshold_offset!r}")
        if self.weight_steps_per_octave < 1 or self.steps_per_octave % self.weight_steps_per_octave:
            raise ValueError(f"weight_steps_per_octave must divide steps_per_octave "
                             f"({self.steps_per_octave}), not {self.weight_steps_per_octave}")

    @property
    def silence(self) -> int:
        """The code of a neuron that does not fire."""
        return self.window

    @property
    def largest_code(self) -> int:
        """Largest magnitude of a stored weight ``sign * (q + 1)``, the smallest weight.

        >>> NumberFormat(weight_bits=5).largest_code
        15
        """
        return (1 << (self.weight_bits - 1)) - 1

    @property
    def weight_stride(self) -> int:
        """Steps of a product's exponent for each step of a weight code, τ/ρ."""
        return self.steps_per_octave // self.weight_steps_per_octave

    @property
    def potential_max(self) -> int:
        """Largest magnitude that a membrane potential may reach."""
        return (1 << (self.potential_bits - 1)) - 1

    @cached_property
    def product_table(self) -> tuple[int, ...]:
        """``LUT[f] = floor(2 ** (F - f/τ) + 1/2)`` for f = 0 … τ−1.

        From ``floor(x + 1/2) == (floor(2 * x) + 1) // 2``, with an exact ``floor(2 * x)``.
        """
        tau = self.steps_per_octave
        doubled = (floor_power_of_two((self.product_bits + 1) * tau - f, tau) for f in range(tau))
        return tuple((floor + 1) // 2 for floor in doubled)

    def exponent(self, *, spike: int, weight: int, offset: int = 0) -> int:
        """Return the exponent of the product of a spike and a non-zero stored weight.

        ``weight`` is a code as in files, ``sign * (q + 1)``; its sign is ignored here.
        """
        return spike + offset + (abs(weight) - 1) * self.weight_stride

    def product(self, exponent: int) -> int:
        """Return the magnitude ``P(E) = floor(LUT[E mod τ] / 2 ** (E div τ))``."""
        octaves, fraction = divmod(exponent, self.steps_per_octave)
        return self.product_table[fraction] >> octaves

    def firing_threshold(self, level: int) -> int:
        """Return the least integer potential V with ``V >= 2 ** ((level - δ)/τ)``.

        >>> [NumberFormat().firing_threshold(level) for level in (-1, 0, 1, 8, 9)]
        [1, 1, 2, 4, 5]
        """
        doubled = 2 * level - int(2 * self.threshold_offset)
        return _ceil_power_of_two(doubled, 2 * self.steps_per_octave)

    def level(self, potential: int) -> int:
        """Return the largest m with ``potential >= 2 ** ((m - δ)/τ)``; ``potential`` is positive.

        >>> NumberFormat().level(1), NumberFormat().level(4096)
        (0, 48)
        """
        doubled_offset = int(2 * self.threshold_offset)
        log = (potential ** (2 * self.steps_per_octave)).bit_length() - 1
        return (log + doubled_offset) // 2

    def fire(self, potential: int, threshold_step: int) -> int:
        """Return the step at which a time-to-first-spike neuron fires, or ``silence``.

        The first ``t >= 0`` with ``potential >= 2 ** ((threshold_step - t - δ)/τ)``, if it lies
        in the window and the potential is positive.
        """
        if potential <= 0:
            return self.silence
        return min(max(0, threshold_step - self.level(potential)), self.silence)
