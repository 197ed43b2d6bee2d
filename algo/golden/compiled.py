"""How the loops of the event-driven model are compiled."""

from collections.abc import Callable

from numba import njit

__all__ = ["compiled"]


def compiled(function: Callable) -> Callable:
    """Compile a function on its first call; without the lock of Python, and without bounds checks.

    Machine code is kept in ``__pycache__``, or where ``NUMBA_CACHE_DIR`` says. A function must lie
    in one file with those that it calls: changes elsewhere are not noticed.
    """
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:                                    # no folder to keep it in
        return njit(nogil=True)(function)
