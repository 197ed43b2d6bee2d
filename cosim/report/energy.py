"""Where the energy goes: pictures by layer and by component."""

from ..energy import COMPONENTS
from ..energy_summary import CATEGORY_NAMES
from .number import plain
from .picture import COLOURS, Picture, draw, frame, new_figure, stacked_bars

__all__ = ["ENERGY_PARTS", "component_picture", "layer_picture"]

# Category of ``energy_uj`` -> what people call it, its colour, and what it is in one line.
ENERGY_PARTS = {category: (CATEGORY_NAMES[category], *shown) for category, shown in {
    "compute": ("blue", "log multiplication, addition to a potential, firing"),
    "weight_memory": ("cyan", "weight memories, their buffers, pointers"),
    "potential_memory": ("green", "memories of membrane potentials"),
    "spike_memory": ("yellow", "spike memories, pixels, input table"),
    "control": ("red", "dispatch, queues, addresses, biases, instructions, clock"),
    "leakage": ("grey", "current that flows although nothing switches"),
    "dram": ("purple", "weights that are read from outside the chip")}.items()}


def layer_picture(result: dict) -> Picture:
    """Return the energy of each layer by category."""
    layers = result["layers"]
    parts = {label: (COLOURS[colour], [layer["energy_uj"][key] for layer in layers])
             for key, (label, colour, _) in ENERGY_PARTS.items() if result["energy_uj"][key]}
    return draw(lambda width: stacked_bars(width, [layer["name"] for layer in layers], parts,
                                           "µJ per image"),
                f"Energy of each of {len(layers)} layers by category: {', '.join(parts)}")


def component_picture(result: dict) -> Picture:
    """Return the energy of each component, the largest first, in the colour of its category."""
    found = {name: energy for name, energy in sorted(result["components_uj"].items(),
                                                     key=lambda item: -item[1]) if energy}
    return draw(lambda width: _bars(width, found),
                f"Energy of {len(found)} components, from {next(iter(found), 'none')} down")


def _bars(width: float, found: dict[str, float]):
    figure = new_figure(width, 0.7 + 0.26 * len(found))
    axes = figure.subplots()
    names, total = [name.replace("_", " ") for name in found], sum(found.values())
    colours = [COLOURS[ENERGY_PARTS[COMPONENTS[name]][1]] for name in found]
    bars = axes.barh(names, list(found.values()), color=colours, height=0.72)
    axes.bar_label(bars, [f"{plain(energy, 3)} µJ, {energy / total:.1%}"
                          for energy in found.values()], padding=4, fontsize=8.5)
    axes.invert_yaxis()
    axes.set_xlim(0, max(found.values(), default=1) * (1.2 if width > 6 else 1.75))
    axes.set_xticks([])
    frame(axes)
    axes.spines["bottom"].set_visible(False)
    return figure
