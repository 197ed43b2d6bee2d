"""Counts for other tools: Accelergy's action counts, for the components of the energy tables."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

__all__ = ["ACTION_COUNTS", "action_counts", "write_action_counts"]

ACTION_COUNTS = "action_counts.yaml"
SCHEMA_VERSION = 0.4


def action_counts(rows: Iterable[Mapping]) -> dict:
    """Return the counts of ``energy_rows``, for an image, in Accelergy's schema.

    Names are those of the table. ``width_bits`` of an action is the width to look it up at and,
    for memories, ``bytes`` the size. A ``leak`` counts cycles of one memory or lane, whose energy
    is area times ``leakage_uW_per_mm2`` over ``clock_MHz``. Equal actions are added up.
    """
    components: dict[str, dict[tuple, float]] = {}
    for row in rows:
        actions = components.setdefault(row["primitive"], {})
        key = row["action"], row["width_bits"], row["size_bytes"]
        actions[key] = actions.get(key, 0.0) + row["count"]
    return {"action_counts": {"version": SCHEMA_VERSION, "local": [
        {"name": name, "action_counts": [_action(*key, count) for key, count in actions.items()]}
        for name, actions in components.items()]}}


def write_action_counts(directory: Path, rows: Iterable[Mapping]) -> None:
    """Write ``action_counts.yaml`` into an existing folder."""
    text = yaml.safe_dump(action_counts(rows), sort_keys=False)
    (Path(directory) / ACTION_COUNTS).write_text(text)


def _action(name: str, width_bits: float, size_bytes: float | None, count: float) -> dict:
    arguments = {"width_bits": width_bits}
    if size_bytes is not None:
        arguments["bytes"] = size_bytes
    return {"name": name, "arguments": arguments, "counts": count}
