"""The picture of a training, drawn from its log alone: loss and accuracy over the epochs."""

import io
import logging
from pathlib import Path

from hw.network import write_whole

from .log import read_log

__all__ = ["plot_log", "stage_spans"]

SIZE_INCHES, DOTS_PER_INCH = (9, 5.4), 120
LOSS, ACCURACY, SHADE, LINE, GREY = "#1f5fa8", "#b5451b", "#eef1f5", "#d8dde3", "#5a6470"
# Curves of more epochs have no dots; a letter of a stage's name takes this share of the width.
MOST_MARKED, LETTER = 60, 0.013


def stage_spans(entries: list[dict]) -> list[tuple[str, int, int]]:
    """Return name, first and last epoch of each stage, epochs counted from 1 over all stages.

    >>> stage_spans([{"stage": "relu"}, {"stage": "relu"}, {"stage": "time"}])
    [('relu', 1, 2), ('time', 3, 3)]
    """
    spans = []
    for epoch, entry in enumerate(entries, start=1):
        if spans and spans[-1][0] == entry["stage"]:
            spans[-1] = (entry["stage"], spans[-1][1], epoch)
        else:
            spans.append((entry["stage"], epoch, epoch))
    return spans


def plot_log(log: Path, picture: Path) -> None:
    """Draw the epochs of ``log`` into ``picture`` (PNG), all or nothing; no epochs, no picture."""
    entries = read_log(log)
    if not entries:
        return
    # Where no cache can be kept, matplotlib says so on stderr; nothing depends on it.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib.figure import Figure  # takes a second: only when something is drawn
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    spans = stage_spans(entries)
    for _, first, last in spans:                    # apart, as stages may have losses of their own
        _curve(above, first, [entry["loss"] for entry in entries[first - 1:last]], LOSS)
    _curve(below, 1, [100 * entry["validation"] for entry in entries], ACCURACY)
    above.set_ylabel("training loss")
    below.set_ylabel("validation accuracy, %")
    below.set_xlabel("epoch")
    below.set_xlim(0.5, len(entries) + 0.5)
    below.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    for axes in (above, below):
        _frame(axes, spans)
    _name(above, spans)
    _mark_ends(below, entries, spans)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    write_whole(picture, buffer.getvalue())


def _curve(axes, first: int, values: list[float], colour: str) -> None:
    marker = "o" if len(values) <= MOST_MARKED else None
    axes.plot(range(first, first + len(values)), values, color=colour, linewidth=1.6,
              marker=marker, markersize=3, zorder=3)


def _frame(axes, spans: list[tuple[str, int, int]]) -> None:
    """Shade every other stage, and draw grid and axes."""
    for _, first, last in spans[::2]:
        axes.axvspan(first - 0.5, last + 0.5, color=SHADE, linewidth=0, zorder=0)
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(y=0.12)


def _name(axes, spans: list[tuple[str, int, int]]) -> None:
    """Name the stages above the picture; slanted where they would meet."""
    total = spans[-1][2]
    crowded = any((last - first + 1) / total < LETTER * len(name) for name, first, last in spans)
    for name, first, last in spans:
        axes.text((first + last) / 2, 1.02, name, transform=axes.get_xaxis_transform(),
                  ha="left" if crowded else "center", va="bottom", color=GREY, fontsize=10,
                  rotation=35 if crowded else 0, rotation_mode="anchor")


def _mark_ends(axes, entries: list[dict], spans: list[tuple[str, int, int]]) -> None:
    """Write the accuracy at the end of each stage, which is what is handed on."""
    for _, _, last in spans:
        value = 100 * entries[last - 1]["validation"]
        axes.annotate(f"{value:.1f}", (last, value), xytext=(0, 7), textcoords="offset points",
                      ha="center", fontsize=9, color=ACCURACY)
