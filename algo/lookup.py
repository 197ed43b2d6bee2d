"""A function of 16-bit floats as a table: on a CPU ten times as fast as its arithmetic."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numba
import numpy as np
import torch
from torch import Tensor

__all__ = ["looked_up"]


def looked_up(values: Tensor, table: Tensor) -> Tensor:
    """Return ``table`` at the bits of each value; both bfloat16 on the CPU, ``table`` [65536].

    The result has the shape and the memory format of ``values``.
    """
    result = torch.empty_like(values)
    if values.stride() != result.stride():          # not dense: as a dense one
        values = torch.empty_like(result).copy_(values)
    _look_up(_bits(values), _bits(table), _bits(result), torch.get_num_threads())
    return result


def _bits(values: Tensor) -> np.ndarray:
    """Return a dense tensor's storage as uint16, in the order of memory."""
    count = values.numel()
    return values.detach().as_strided((count,), (1,)).view(torch.int16).numpy().view(np.uint16)


def _look_up(bits: np.ndarray, table: np.ndarray, out: np.ndarray, threads: int) -> None:
    """Divide the work among threads of our own: those of numba would change torch's number."""
    starts = range(0, len(bits), max(1, -(-len(bits) // threads)))
    parts = [slice(start, start + starts.step) for start in starts]
    done = [_pool().submit(_kernel, bits[part], table, out[part]) for part in parts[1:]]
    for part in parts[:1]:
        _kernel(bits[part], table, out[part])
    for each in done:
        each.result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count())


@numba.njit(nogil=True, cache=True)
def _kernel(bits, table, out):
    for index in range(bits.size):
        out[index] = table[bits[index]]
