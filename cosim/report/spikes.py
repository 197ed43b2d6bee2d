"""When neurons fire: pictures of the spike times of each layer, and of one image."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .folder import RunFolder
from .picture import COLOURS, GREY, INK, LINE, Picture, draw, new_figure

__all__ = ["LayerSpikes", "spike_pictures", "spikes_of"]

# Width of a panel that holds a layer, and height, in inches.
PANEL_WIDTH, PANEL_HEIGHT = 1.85, 1.3


@dataclass(frozen=True, eq=False)
class LayerSpikes:
    """When the neurons of a layer fire, after pooling.

    Parameters
    ----------
    at_step
        Part of the neurons that fire at each step, a mean over the images: [steps].
    silent
        Part of them that never do.
    raster
        Whether some of them fire on the first image: bool [neurons, steps].
    """

    name: str
    at_step: np.ndarray
    silent: float
    raster: np.ndarray

    @property
    def rate(self) -> float:
        """Spikes of a neuron in an image, on average."""
        return float(self.at_step.sum())


def spikes_of(folder: RunFolder) -> list[LayerSpikes]:
    """Return when the neurons of each layer fire but the last, which does not."""
    network, found = folder.context["network"], []
    for layer in network["layers"][:-1]:
        counts, times = (folder.activity[f"{layer['name']}.{kind}"]
                         for kind in ("histogram", "raster"))
        steps = len(counts) - 1
        raster = (times[:, None] == np.arange(steps) if network["neuron"] == "ttfs"
                  else times.T == 0)
        neurons = int(np.prod(layer["spikes"]) * folder.activity["images"])
        found.append(LayerSpikes(layer["name"], counts[:-1] / neurons, float(counts[-1] / neurons),
                                 raster))
    return found


def spike_pictures(layers: list[LayerSpikes]) -> tuple[Picture, Picture]:
    """Return the picture of the spike times of all images, and that of the first image."""
    highest = 100 * max(layer.at_step.max() for layer in layers) or 1
    return (
        draw(lambda width: _panels(width, layers, "neurons that fire, %",
                                   lambda axes, layer: _histogram(axes, layer, highest)),
             f"Which part of the neurons of each of {len(layers)} layers fires at which step, and "
             "which part stays silent"),
        draw(lambda width: _panels(width, layers, "neurons, a row each", _raster),
             f"The steps at which some neurons of each of {len(layers)} layers fire on the first "
             "image"))


def _panels(width: float, layers: list[LayerSpikes], unit: str,
            fill: Callable[[object, LayerSpikes], None]):
    columns = min(len(layers), int(width / PANEL_WIDTH))
    rows = -(-len(layers) // columns)
    figure = new_figure(min(width, max(columns * PANEL_WIDTH, 3.7)), rows * PANEL_HEIGHT + 0.35)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True).ravel()
    for axes, layer in zip(panels, layers, strict=False):
        fill(axes, layer)
        steps = len(layer.at_step)
        axes.set_xlim(-0.7, steps - 0.3)
        axes.set_xticks(sorted({0, (steps - 1) // 2, steps - 1}))
        axes.tick_params(length=0, labelsize=8, colors=GREY, labelbottom=True)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color(LINE)
    for axes in panels[len(layers):]:
        axes.set_visible(False)
    figure.supxlabel("time step (0 is the earliest and the strongest)" if len(layers[0].at_step) > 1
                     else "time step", fontsize=9, color=GREY)
    figure.supylabel(unit, fontsize=9, color=GREY)
    return figure


def _histogram(axes, layer: LayerSpikes, highest: float) -> None:
    axes.bar(range(len(layer.at_step)), 100 * layer.at_step, color=COLOURS["blue"], width=0.86)
    axes.set_ylim(0, 1.05 * highest)
    axes.locator_params(axis="y", nbins=4)
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_title(f"{layer.name}: {layer.silent:.0%} silent", fontsize=9, color=INK, loc="left")


def _raster(axes, layer: LayerSpikes) -> None:
    neurons, steps = layer.raster.nonzero()
    axes.scatter(steps, neurons, s=7, marker="s", color=COLOURS["purple"], linewidths=0)
    axes.set_ylim(len(layer.raster) - 0.2, -0.8)
    axes.set_yticks([])
    axes.set_facecolor("#f6f8fa")
    fired = int(layer.raster.any(axis=1).sum())
    axes.set_title(f"{layer.name}: {fired} of {len(layer.raster)} fire", fontsize=9, color=INK,
                   loc="left")
