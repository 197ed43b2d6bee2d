"""What a command prints: results on stdout, progress on stderr."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Progress", "console", "print_json", "progress"]

# Called with how much is done, of how much, and what is being done.
Progress = Callable[[int, int, str], None]
# Without a terminal, lines come no more often than this.
SECONDS_BETWEEN_LINES = 5.0


def print_json(result: dict) -> None:
    """Print the machine-readable result of a command."""
    print(json.dumps(result, indent=1))


def console():
    """Return a console for tables and text: colours on a terminal, plain text elsewhere."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """Yield a callable that shows progress: a bar on a terminal, a line now and then elsewhere."""
    if sys.stderr.isatty():
        with _bar(title) as show:
            yield show
    else:
        yield _lines(title)


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.fields[title]:9}"), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", title=title, total=None)
        yield lambda done, total, text: bar.update(
            task, completed=done, total=total, description=text)


def _lines(title: str) -> Progress:
    started, last, before = time.monotonic(), -SECONDS_BETWEEN_LINES, None

    def show(done: int, total: int, text: str) -> None:
        nonlocal last, before
        now = time.monotonic()
        before = done if before is None else before             # a resumed work does not begin at 0
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            left = (total - done) * (now - started) / (done - before) if done > before else None
            eta = f", {duration(left)} left" if left else ""
            print(f"{title}: {done}/{total} {text}{eta}", file=sys.stderr, flush=True)
    return show


def duration(seconds: float) -> str:
    """Return a time in words of one unit.

    >>> [duration(seconds) for seconds in (7.4, 150, 9000)]
    ['7 s', '2.5 min', '2.5 h']
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
