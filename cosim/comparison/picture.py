"""Accuracy against cost: a panel for each measure, the designs that none beats marked."""

from collections.abc import Sequence

from ..report.picture import COLOURS, GREY, INK, LINE, Picture, draw, frame, new_figure
from ..report.published import DATA_SETS, data_set_of, published_on
from .design import MEASURES, Design
from .front import fronts_of

__all__ = ["front_figure", "front_picture"]

# Measure -> what its axis says, and what its unit is in that of the measure.
AXES = {measure: (name, 1) for measure, name in MEASURES.items()} | {
    "memory_bits": ("memory, KB", 8192)}
FRONT, BEATEN = COLOURS["blue"], COLOURS["grey"]
# From the smallest to the largest cost: from here on the axis is logarithmic.
LOGARITHMIC = 8.0


def front_picture(designs: Sequence[Design]) -> Picture:
    """Return the picture for a wide and for a narrow page."""
    return draw(lambda width: front_figure(designs, width), "Accuracy of each design against "
                f"{', '.join(MEASURES.values())}; those that no other beats are marked")


def front_figure(designs: Sequence[Design], width: float):
    """Return the figure; panels stand beside each other if it is wide enough, in inches."""
    wide, fronts = width > 6, fronts_of(designs)
    size = (1, len(MEASURES)) if wide else (len(MEASURES), 1)
    names = 0.2 * (len(designs) + 2)
    figure = new_figure(width, (3.1 if wide else 2.3 * len(MEASURES)) + names)
    panels = figure.subplots(*size, sharey=True).ravel()
    for axes, measure in zip(panels, MEASURES, strict=True):
        _fill(axes, designs, measure, fronts[measure])
    for axes in panels[:1] if wide else panels:
        axes.set_ylabel("accuracy, %", color=GREY, fontsize=9)
    handles = [_mark(panels[0], [], [], FRONT, "none other is better in both"),
               _mark(panels[0], [], [], BEATEN, "another is at least as good in both")]
    figure.legend(handles=handles, loc="outside upper left", ncols=2 if wide else 1, frameon=False,
                  fontsize=9, labelcolor=INK)
    figure.supxlabel("\n".join(f"{place}  {design.name}: {design.network} on {design.config}"
                               for place, design in enumerate(designs, start=1)),
                     x=0.02, ha="left", fontsize=9, color=INK)
    return figure


def _fill(axes, designs: Sequence[Design], measure: str, front: list[int]) -> None:
    from matplotlib.ticker import LogLocator, MaxNLocator

    name, scale = AXES[measure]
    points = {index: (getattr(design, measure) / scale, 100 * design.accuracy)
              for index, design in enumerate(designs)
              if design.accuracy is not None and getattr(design, measure) is not None}
    frame(axes, grid="both")
    axes.spines["left"].set(visible=True, color=LINE)
    axes.set_xlabel(name, color=GREY, fontsize=9)
    if not points:
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "not known", transform=axes.transAxes, ha="center", color=GREY)
        return
    line = sorted(points[index] for index in front)
    axes.plot(*zip(*line, strict=True), color=FRONT, linewidth=1, zorder=2)
    for index, (cost, accuracy) in points.items():
        _mark(axes, cost, accuracy, FRONT if index in front else BEATEN, None)
        axes.annotate(str(index + 1), (cost, accuracy), xytext=(6, 5), textcoords="offset points",
                      fontsize=9, color=INK)
    costs = [cost for cost, _ in points.values()]
    data_sets = {data_set_of(design.images_from) for design in designs}
    if measure == "total_uj" and len(data_sets) == 1 and data_sets <= set(DATA_SETS):
        costs.append(_published(axes, *data_sets))
    if min(costs) > 0 and max(costs) > LOGARITHMIC * min(costs):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.minorticks_off()
    else:
        axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.6g}")
    axes.tick_params(axis="x", labelsize=8)
    axes.margins(0.15)


def _published(axes, data_set: str) -> float:
    """Mark the published processor; return its cost."""
    other = published_on(data_set)[0]
    place = other.energy_uj[data_set], 100 * other.accuracy[data_set]
    axes.plot(*place, "x", color=COLOURS["red"], markersize=7)
    axes.annotate("published", place, xytext=(-4, -13), textcoords="offset points", ha="right",
                  fontsize=8, color=GREY)
    return place[0]


def _mark(axes, cost, accuracy, colour: str, label: str | None):
    return axes.plot(cost, accuracy, "o", color=colour, markersize=8, markeredgecolor="white",
                     label=label, zorder=3)[0]
