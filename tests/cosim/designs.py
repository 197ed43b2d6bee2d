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
    name += "-deep" * sizes.get("deep_pipeline", False)
    return replace(CONFIGURATIONS["tiny"], name=name, numbers=numbers, **sizes)


# τ, T, δ, b, ρ, F, A; then what differs from `tiny`.
DESIGNS = (
    _design(4, 24, 0.5, 5, 2, 12, 24, max_kernel=3, weight_depth=512, pointer_depth=2048),
    _design(2, 12, 0.5, 4, 2, 10, 20, lanes=8, queue_depth=3, row_entries=4, max_kernel=3,
            stream_bits=128, potential_depth=24, weight_depth=512, pointer_depth=1024,
            deep_pipeline=True),
    _design(1, 1, 0.5, 3, 1, 4, 18, lanes=2, queue_depth=2, row_entries=1, skip_bits=2,
            max_kernel=5, weight_buffer_depth=32, potential_depth=28, deep_pipeline=True),
    _design(8, 32, 0.0, 6, 4, 14, 26, lanes=2, skip_bits=1, row_entries=4, max_kernel=4,
            stream_bits=64, weight_depth=256, weight_buffer_depth=16, deep_pipeline=True),
    # No leaky neurons.
    _design(1, 8, 0.0, 3, 1, 8, 20, lanes=16, max_kernel=5, stream_bits=512,
            weight_buffer_depth=8, leaky=False),
    _design(4, 16, 0.5, 5, 4, 12, 22, lanes=8, queue_depth=2, row_entries=1, skip_bits=2,
            stream_bits=256, potential_depth=60, weight_depth=1024, pointer_depth=1024),
    _design(2, 7, 0.5, 5, 1, 9, 24, skip_bits=3, max_kernel=6, weight_buffer_depth=4,
            deep_pipeline=True),
    _design(1, 32, 0.5, 6, 1, 13, 32, lanes=2, queue_depth=16, row_entries=4, skip_bits=5),
    _design(2, 3, 0.0, 3, 2, 6, 16, lanes=32, queue_depth=2, skip_bits=6, max_kernel=3,
            stream_bits=512, potential_depth=32, weight_depth=1024, pointer_depth=4096),
    _design(8, 31, 0.5, 4, 8, 12, 23, lanes=2, queue_depth=4, row_entries=1, max_kernel=4,
            stream_bits=256, weight_buffer_depth=64),
    _design(4, 2, 0.0, 6, 2, 11, 21, lanes=16, row_entries=4, max_kernel=3, stream_bits=64,
            potential_depth=24, weight_depth=1024, pointer_depth=2048),
    # The ends of what a network file may say.
    _design(16, 250, 0.5, 8, 16, 20, 32, queue_depth=64, skip_bits=8, max_kernel=3),
    _design(1, 1, 0.0, 2, 1, 4, 12, lanes=2, row_entries=4, weight_buffer_depth=8),
)
