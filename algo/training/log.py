"""The log of a training: one line of JSON for each epoch, and one for the test at the end."""

import json
from collections.abc import Callable
from pathlib import Path

from hw.network import write_whole

__all__ = ["append_line", "keep_lines", "read_log"]


def read_log(path: Path) -> list[dict]:
    """Return the entries of the epochs, up to the first line that is damaged or cut off."""
    entries = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            break
        if isinstance(entry, dict) and {"stage", "epoch"} <= entry.keys():
            entries.append(entry)
    return entries


def keep_lines(path: Path, is_kept: Callable[[dict], bool]) -> None:
    """Keep the entries of epochs that ``is_kept`` wants; without a file, begin one."""
    entries = [entry for entry in read_log(path) if is_kept(entry)] if path.exists() else []
    write_whole(path, "".join(_line(entry) for entry in entries).encode())


def append_line(path: Path, entry: dict) -> None:
    """Add an entry at the end. Raises ``OSError`` that names ``path``."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(_line(entry))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def _line(entry: dict) -> str:
    return json.dumps(entry) + "\n"
