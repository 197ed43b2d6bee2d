"""Events of an image, for layers that count what products truncate."""

import numpy as np
import torch
from torch import Tensor

from hw.network.model import NO_EVENT
from hw.numbers import NumberFormat

from ..coding import pixel_values

__all__ = ["ImageEvents"]


class ImageEvents:
    """Which events a pixel becomes, found from what it is worth.

    ``table`` is an input table, uint8 [256, m]; ``exponents`` are those that occur in it.

    >>> table = np.full((256, 2), NO_EVENT, np.uint8)
    >>> table[1], table[2] = (4, NO_EVENT), (4, 0)
    >>> events = ImageEvents(table, NumberFormat())
    >>> events.exponents, events.counts(torch.tensor([[0.0, 0.5, 1.5]])).tolist()
    ((0, 4), [[0.0, 0.0, 1.0, 0.0, 1.0, 1.0]])
    """

    def __init__(self, table: np.ndarray, numbers: NumberFormat):
        self.exponents = tuple(int(e) for e in np.unique(table) if e != NO_EVENT)
        self.worth, first = np.unique(pixel_values(table, numbers).numpy(), return_index=True)
        rows = [[(table[row] == e).sum() for e in self.exponents] for row in first]
        self.worth = torch.from_numpy(self.worth)
        self.events = torch.tensor(np.array(rows), dtype=torch.float32)

    def counts(self, values: Tensor) -> Tensor:
        """Return how many events of each exponent the pixels of an image are.

        Shape: values [B, C, ...], each of the worth of some pixel -> [B, E·C, ...], all channels of
        the first exponent first.
        """
        worth, events = self.worth.to(values.device), self.events.to(values.device)
        place = torch.searchsorted(worth, values.contiguous()).clamp_max_(len(worth) - 1)
        return torch.cat([column[place] for column in events.T], 1)
