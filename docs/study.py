"""What the studies share: rows that are done once, whose figures are kept, and tables of them."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from hw.network import write_whole

__all__ = ["done_once", "error_of", "print_table", "study_arguments"]


def study_arguments(description: str, out: str) -> argparse.ArgumentParser:
    """Return a parser of what every study can be told: where to write, the data, the seed."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("sim_build") / out)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    return parser


def done_once(folder: Path, make: Callable[[Path], dict]) -> dict:
    """Return the figures of a row, kept in its folder; they are made if there are none yet."""
    done = folder / "row.json"
    if not done.exists():
        found = make(folder)
        write_whole(done, json.dumps(found).encode())
        print(folder.name, found, flush=True)
    return json.loads(done.read_text())


def error_of(accuracy: float, images: int) -> float:
    """Return the standard error of a fraction of so many images."""
    return (accuracy * (1 - accuracy) / images) ** 0.5


def print_table(head: list[str], rows: list[list[str]]) -> None:
    """Print rows as a table of Markdown."""
    for cells in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(cells) + " |")
