"""A design: a network on a processor, in the figures that are compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..report import RunFolder, read_folder

__all__ = ["MEASURES", "Design", "read_designs"]

# What is held against accuracy, less is better: field -> name with unit.
MEASURES = {"total_uj": "µJ per image", "cycles": "cycles per image", "memory_bits": "memory bits"}


@dataclass(frozen=True, kw_only=True)
class Design:
    """Figures of a run, means for an image.

    Parameters
    ----------
    name
        Its folder, as short as it is still the only one of that name.
    accuracy
        ``None`` if the images have no labels.
    images, images_from, images_sha256
        How many images, where they are from, and their SHA-256 (``None`` if not recorded).
    on_chip_uj, total_uj
        Energy without and with DRAM, by the table ``table``.
    clock_mhz, frames_per_second
        The table's clock, and images a second at it.
    memory_bits
        All memories of the processor; ``None`` if not recorded.
    bit_exact
        Whether the RTL is, on all images it ran; ``None`` if nothing was simulated.
    """

    name: str
    network: str
    config: str
    accuracy: float | None
    images: int
    images_from: str
    images_sha256: str | None
    table: str
    on_chip_uj: float
    total_uj: float
    cycles: float
    clock_mhz: float
    frames_per_second: float
    memory_bits: int | None
    utilisation: float
    bit_exact: bool | None


def read_designs(folders: Sequence[Path]) -> list[Design]:
    """Return the designs of at least two run folders, in their order.

    Raises ``ValueError`` for fewer, or one that is named twice; what :func:`read_folder` raises.
    """
    if len(folders) < 2:
        raise ValueError(f"compare needs at least two runs, not {len(folders)}")
    found = [read_folder(folder) for folder in folders]
    paths = [folder.path.resolve() for folder in found]
    for place, path in enumerate(paths):
        if path in paths[:place]:
            raise ValueError(f"{found[place].path} must be named once, not twice")
    return [_design(folder, name) for folder, name in zip(found, _names(paths), strict=True)]


def _names(paths: list[Path]) -> list[str]:
    """Return the last parts of paths, as few as tell them apart.

    >>> _names([Path("/runs/a/demo"), Path("/runs/b/demo"), Path("/runs/c")])
    ['a/demo', 'b/demo', 'c']
    """
    names = []
    for path in paths:
        parts = next(parts for parts in range(1, len(path.parts) + 1)
                     if sum(other.parts[-parts:] == path.parts[-parts:] for other in paths) == 1)
        names.append(str(Path(*path.parts[-parts:])))
    return names


def _design(folder: RunFolder, name: str) -> Design:
    result, context = folder.result, folder.context
    energy = result["energy_uj"]
    recorded = context is not None and context["images"]["count"] == result["images"]
    return Design(
        name=name, network=result["network"], config=result["config"],
        accuracy=result["accuracy"], images=result["images"], images_from=result["images_from"],
        images_sha256=context["images"]["sha256"] if recorded else None, table=energy["table"],
        on_chip_uj=energy["total_on_chip"], total_uj=energy["total"],
        cycles=result["counts"]["cycles"], clock_mhz=result["clock_mhz"],
        frames_per_second=result["frames_per_second"],
        memory_bits=None if context is None else context["processor"]["memory_bits"],
        utilisation=result["utilisation"],
        bit_exact=None if folder.run is None else folder.run["bit_exact"])
