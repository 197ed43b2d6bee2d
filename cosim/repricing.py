"""The counts of a run or a prediction at the constants of another table."""

from pathlib import Path

import numpy as np

from hw.config import Configuration
from hw.counters import COUNTERS
from hw.numbers import NumberFormat

from .energy import Table
from .measures import priced
from .report.content import read_json
from .report.folder import AREA, MEASURES, PREDICTION, ROW, RUN

__all__ = ["configuration_of", "read_result", "repriced"]

# What a result must have to be shown and priced again.
ACCOUNT = MEASURES | {
    "config": str, "config_sha256": str, "layers": [MEASURES | {"name": str}],
    "energy_rows": [ROW | {"note": (str, type(None))}], "dram_sensitivity_uj": {str: float},
    "area_mm2": AREA, "clock_mhz": float}


def read_result(path: Path) -> dict:
    """Return the result in a file or a folder: there, of two, that on more images, a prediction.

    Raises :class:`cosim.report.content.ContentError` if it has no account, or ``OSError``.
    """
    found = [file for file in (path / PREDICTION, path / RUN) if file.is_file()]
    if not path.is_file() and not found:
        raise FileNotFoundError(None, f"No {RUN} or {PREDICTION}, nor such a file", str(path))
    return read_json(path if path.is_file() else found[0], ACCOUNT)


def repriced(result: dict, table: Table) -> dict:
    """Return a result as it would be with another table; counts and all else stay.

    Raises ``ValueError`` if the result does not say its configuration, or
    :class:`cosim.energy.TableError`.
    """
    counts = np.array([[layer["counts"][name] for name in COUNTERS] for layer in result["layers"]])
    return result | priced([layer["name"] for layer in result["layers"]],
                           configuration_of(result), table, counts)


def configuration_of(result: dict) -> Configuration:
    """Return the configuration that a result says it is for, checked against its hash."""
    if "configuration" not in result:
        raise ValueError(f"configuration {result['config']} is not in the file: "
                         "run firstspike cosim or predict again")
    try:
        fields = result["configuration"]
        config = Configuration(**fields | {"numbers": NumberFormat(**fields["numbers"])})
    except (TypeError, KeyError) as error:
        raise ValueError(f"configuration {result['config']}: {error}") from None
    if config.sha256 != result["config_sha256"]:
        raise ValueError(f"configuration {result['config']} must have the hash "
                         f"{result['config_sha256'][:12]}…, not {config.sha256[:12]}…")
    return config
