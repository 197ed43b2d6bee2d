"""Pictures of a report: drawn for a wide and for a narrow page, held in the page itself."""

import base64
import io
import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["COLOURS", "GREY", "INK", "LINE", "NARROW", "WIDE", "Picture", "data_uri", "draw",
           "frame", "new_figure", "pixels_uri", "stacked_bars", "svg_of"]

# Inches of a page of 960 and of one of 360 pixels, at 96 dots an inch.
WIDE, NARROW = 10.0, 3.75
INK, GREY, LINE = "#1c2733", "#5b6875", "#dfe4ea"
# Told apart with colour-blind eyes: Paul Tol's bright scheme.
COLOURS = {"blue": "#4477aa", "red": "#ee6677", "green": "#228833", "yellow": "#ccbb44",
           "cyan": "#66ccee", "purple": "#aa3377", "grey": "#bbbbbb"}


@dataclass(frozen=True)
class Picture:
    """A picture as two data URIs; ``alt`` says in words what it shows."""

    wide: str
    narrow: str
    alt: str


def draw(drawing: Callable[[float], object], alt: str) -> Picture:
    """Return the picture of a drawing: a function of the width in inches to a figure."""
    return Picture(*(data_uri("image/svg+xml", svg_of(drawing(width))) for width in (WIDE, NARROW)),
                   alt=alt)


def new_figure(width: float, height: float):
    """Return an empty matplotlib figure, sizes in inches."""
    # Where no cache can be kept, matplotlib says so on stderr; nothing depends on it.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def svg_of(figure) -> bytes:
    """Return a figure as SVG, the same bytes whenever it is drawn; letters are outlines."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": "firstspike", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def data_uri(media_type: str, content: bytes) -> str:
    """Return a URI that holds its content."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def pixels_uri(image: np.ndarray) -> str:
    """Return an image uint8 [C, H, W] as PNG: grey unless it has three channels."""
    from PIL import Image

    pixels = image.transpose(1, 2, 0) if len(image) == 3 else image[0]
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png")
    return data_uri("image/png", buffer.getvalue())


def frame(axes, grid: str = "x") -> None:
    """Give axes the look of all pictures: few lines, grey."""
    axes.grid(axis=grid, color=LINE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(length=0, labelsize=9, colors=INK)


def stacked_bars(width: float, names: list[str], parts: dict[str, tuple[str, list[float]]],
                 unit: str):
    """Return a figure with a bar for each name, from top to bottom.

    ``parts`` maps a label to its colour and to its value for each name.
    """
    rows = -(-len(parts) // (4 if width > 6 else 2))
    figure = new_figure(width, 0.9 + 0.27 * len(names) + 0.22 * rows)
    axes = figure.subplots()
    left = np.zeros(len(names))
    for label, (colour, values) in parts.items():
        axes.barh(names, values, left=left, color=colour, height=0.72, label=label,
                  edgecolor="white", linewidth=0.4)
        left += values
    axes.invert_yaxis()
    axes.set_xlim(0, (left.max() or 1) * 1.02)
    axes.set_xlabel(unit, color=GREY, fontsize=9)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axes.xaxis.get_major_locator().set_params(nbins=8 if width > 6 else 4)
    frame(axes)
    figure.legend(loc="outside upper left", ncols=-(-len(parts) // rows), frameon=False, fontsize=9,
                  handlelength=1, handleheight=1, labelcolor=INK, columnspacing=1.4)
    return figure
