"""Networks that are shipped with firstspike and go by name: ``zoo:NAME``."""

from pathlib import Path

__all__ = ["network_path", "shipped"]

PREFIX, SUFFIX = "zoo:", ".safetensors.xz"
FOLDER = Path(__file__).parent


def shipped() -> list[str]:
    """Return the names of the shipped networks."""
    return sorted(path.name.removesuffix(SUFFIX) for path in FOLDER.glob(f"*{SUFFIX}"))


def network_path(argument: str) -> Path:
    """Return the file that an argument means; ``ValueError`` for a name that is not shipped."""
    if not argument.startswith(PREFIX):
        return Path(argument)
    name = argument.removeprefix(PREFIX)
    if name not in shipped():
        raise ValueError(f"{argument} is not shipped; there is "
                         f"{', '.join(PREFIX + known for known in shipped()) or 'none yet'}")
    return FOLDER / f"{name}{SUFFIX}"
