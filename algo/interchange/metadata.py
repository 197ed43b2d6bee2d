"""What firstspike writes beside a NIR graph, for which NIR has no place.

One string of JSON under the key ``firstspike``, and the input table under its own key. Weights,
thresholds and leaks are those of the nodes, also where another program changed them since.
"""

import json
from dataclasses import asdict, dataclass, field

import numpy as np

from hw.network import Network
from hw.numbers import MAX_OFFSET, NumberFormat

from .refusal import InterchangeError

__all__ = ["Metadata", "metadata_of", "written_metadata"]

KEY, TABLE_KEY, VERSION = "firstspike", "firstspike_input_exponents", 1


@dataclass(frozen=True, eq=False, kw_only=True)
class Metadata:
    """Number format, steps, input and names of a network; offsets by the node of the group."""

    numbers: NumberFormat
    steps: int
    coding: str
    table: np.ndarray
    name: str = "network"
    classes: tuple[str, ...] = ()
    offsets: dict[str, int] = field(default_factory=dict)
    provenance: dict = field(default_factory=dict)


def written_metadata(network: Network, offsets: dict[str, int]) -> dict:
    """Return the metadata of the graph of ``network``."""
    return {TABLE_KEY: network.exponents, KEY: json.dumps({
        "version": VERSION, "name": network.name, "numbers": asdict(network.numbers),
        "steps": network.steps, "coding": network.coding, "classes": list(network.classes),
        "offsets": offsets, "provenance": network.provenance})}


def metadata_of(graph) -> Metadata | None:
    """Return what firstspike wrote beside ``graph``; ``None`` if another program made it.

    Raises :class:`InterchangeError` if it is damaged.
    """
    text = graph.metadata.get(KEY)
    if text is None:
        return None
    try:
        found = json.loads(text)
        if found.pop("version") != VERSION:
            raise ValueError(f"version must be {VERSION}")
        numbers = NumberFormat(**found.pop("numbers"))
        read = Metadata(numbers=numbers, table=np.asarray(graph.metadata[TABLE_KEY], np.uint8),
                        classes=tuple(map(str, found.pop("classes"))), **found)
        _check(read)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise InterchangeError(f"metadata {KEY} is damaged ({reason:.100})") from None
    return read


def _check(read: Metadata) -> None:
    """Check types; ranges are checked as those of any network are."""
    for key, kind in (("name", str), ("coding", str), ("steps", int), ("provenance", dict)):
        if type(getattr(read, key)) is not kind:
            raise ValueError(f"{key} must be of type {kind.__name__}")
    if not all(type(offset) is int and 0 <= offset <= MAX_OFFSET
               for offset in read.offsets.values()):
        raise ValueError(f"offsets must be 0 to {MAX_OFFSET}")
    if read.table.ndim != 2 or len(read.table) != 256:
        raise ValueError(f"{TABLE_KEY} must have shape [256, m], not {list(read.table.shape)}")
