"""The visits of the dispatcher to the source of one INTEGRATE instruction, and their events."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hw.network.model import NO_EVENT

__all__ = ["Block", "Visit", "walk"]


@dataclass(frozen=True)
class Visit:
    """One visit: ``reads`` codes or pixels; ``events`` are (pointer, taps inside the map)."""

    reads: int
    events: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Block:
    """Channels whose weights are used together: ``first`` … ``first + channels - 1``."""

    first: int
    channels: int
    visits: list[Visit]


def walk(fields: dict[str, int], lanes: int, source: np.ndarray, silence: int,
         exponents: np.ndarray) -> Iterator[Block]:
    """Yield the blocks of a source, pixels or spike codes [channels, places], in order."""
    masks = _masks(fields)
    if fields["from_input"]:
        multiplicity = (exponents != NO_EVENT).sum(axis=1)[source]
    else:
        multiplicity = (source != silence).astype(int)
    pointer, each = 0, fields["block_channels"]
    for first in range(0, fields["channels"], each):
        own = multiplicity[first:first + each]
        channels, visits = len(own), []
        # Silent places are many: find the others at once.
        heard = [np.flatnonzero(column).tolist() for column in own.T]
        for place, mask in enumerate(masks):
            if fields["from_input"]:
                visits += [Visit(1, ((first + c, mask),) * own[c, place]) if mask
                           else Visit(0, ()) for c in range(channels)]
                continue
            base = pointer if fields["linear"] else first
            visits.append(Visit(channels if mask else 0, tuple(
                (base + c, mask) for c in heard[place]) if mask else ()))
            pointer += channels
        yield Block(first, channels, visits)


def _masks(fields: dict[str, int]) -> list[int]:
    """Return for each place the taps, bit row · kernel + column, that lead into the output map."""
    height, width, kernel = (fields[name] for name in ("height", "width", "kernel"))
    if fields["linear"]:
        return [1] * (height * width)
    stride = 2 if fields["halves"] else 1

    def inside(position: int, start: int, size: int) -> list[bool]:
        return [(position + start - tap) % stride == 0
                and 0 <= (position + start - tap) // stride < size for tap in range(kernel)]

    rows = [inside(y, fields["top"], fields["out_height"]) for y in range(height)]
    columns = [inside(x, fields["left"], fields["out_width"]) for x in range(width)]
    column_masks = [sum(meets << tap for tap, meets in enumerate(column)) for column in columns]
    return [sum(mask << kernel * tap for tap, meets in enumerate(row) if meets)
            for row in rows for mask in column_masks]
