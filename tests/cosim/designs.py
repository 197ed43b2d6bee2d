"""Processors of random tests: number formats and sizes at the ends of their ranges."""

from dataclasses import replace

from hw.config import CONFIGURATIONS, Configuration
from hw.numbers import NumberFormat

__all__ = ["DESIGNS"]


def _design(tau, window, delta, bits, rho, fraction, potential, **sizes) -> Configuration:
    numbers = NumberFormat(
        steps_per_octave=tau, window=window, threshold_offset=delta, weight_bits=bits,
        weight_steps_per_octave=rho, product_bits=fraction, potential_bits=potential)
    name = f"tau{tau}-T{window}-b{bits}-L{sizes.get('lanes', 4)}"
    return replace(CONFIGURATIONS["tiny"], name=name, numbers=numbers, **sizes)


# τ, T, δ, b, ρ, F, A; then what differs from `tiny`.
DESIGNS = (
    _design(4, 24, 0.5, 5, 2, 12, 24),
    _design(2, 12, 0.5, 4, 2, 10, 20, lanes=8, queue_depth=3),
    _design(1, 1, 0.5, 3, 1, 4, 18, lanes=2, queue_depth=2, weight_buffer_depth=32),
    _design(8, 32, 0.0, 6, 4, 14, 26, lanes=2, skip_bits=1, weight_buffer_depth=16),
    _design(1, 8, 0.0, 3, 1, 8, 20, lanes=16, weight_buffer_depth=8),
    _design(4, 16, 0.5, 5, 4, 12, 22, lanes=8, skip_bits=2, queue_depth=2),
    _design(2, 7, 0.5, 5, 1, 9, 24, skip_bits=3, weight_buffer_depth=2),
    _design(8, 31, 0.5, 4, 8, 12, 23, lanes=2, queue_depth=4, weight_buffer_depth=64),
    _design(4, 2, 0.0, 6, 2, 11, 21, lanes=8, weight_buffer_depth=64),
    _design(1, 32, 0.5, 6, 1, 13, 32, lanes=2, queue_depth=16, skip_bits=5,
            max_kernel=7),
    _design(2, 3, 0.0, 3, 2, 6, 16, lanes=16, queue_depth=2, skip_bits=6),
    # The ends of what a network file may say.
    _design(16, 250, 0.5, 8, 16, 20, 32),
    _design(1, 1, 0.0, 2, 1, 4, 12, lanes=2),
)
