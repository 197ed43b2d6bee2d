"""Draw docs/flow.svg: what flows where."""

from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.patches import FancyBboxPatch

SETTINGS = {"svg.hashsalt": "firstspike", "svg.fonttype": "none", "font.family": "sans-serif",
            "font.size": 9.5}
HEIGHT = 0.9
COLOURS = {"algo": "#dbe9f6", "hw": "#e3f1dc", "cosim": "#fbe8d3", "file": "#ffffff"}
# Name -> (left, bottom, width, package, text).
BOXES = {
    "train": (0.0, 2.6, 2.2, "algo", "train\nprune, time-code, quantise"),
    "network": (2.8, 2.6, 1.5, "file", "network file\nexact integers"),
    "golden": (4.9, 3.4, 2.0, "algo", "golden model\ninteger PyTorch"),
    "compile": (4.9, 1.8, 2.0, "hw", "compiler\nmemory images"),
    "rtl": (4.9, 0.0, 2.0, "hw", "processor RTL\nAmaranth, on Verilator"),
    "compare": (8.0, 3.4, 2.1, "cosim", "compare\nevery potential and spike"),
    "energy": (8.0, 0.0, 2.1, "cosim", "energy\ncounts × constants"),
    "run": (10.6, 1.7, 1.5, "file", "run folder\nrun.json, trace"),
}
# From, to, text, and the sides that are joined.
ARROWS = [
    ("train", "network", "", "right", "left"), ("network", "golden", "", "right", "left"),
    ("network", "compile", "", "right", "left"), ("compile", "rtl", "program", "bottom", "top"),
    ("golden", "compare", "expected", "right", "left"),
    ("rtl", "compare", "found", "top right", "bottom left"),
    ("rtl", "energy", "counters", "right", "left"), ("compare", "run", "", "right", "top"),
    ("energy", "run", "", "right", "bottom"),
]


def side(box: str, name: str) -> tuple[float, float]:
    left, bottom, width, *_ = BOXES[box]
    x, y = left + width / 2, bottom + HEIGHT / 2
    return {"left": (left, y), "right": (left + width, y), "top": (x, bottom + HEIGHT),
            "bottom": (x, bottom), "top right": (left + 0.9 * width, bottom + HEIGHT),
            "bottom left": (left + 0.1 * width, bottom)}[name]


def draw(path: Path) -> None:
    plt.rcParams.update(SETTINGS)
    figure, axes = plt.subplots(figsize=(11, 4.1))
    for left, bottom, width, package, text in BOXES.values():
        style = "square,pad=0" if package == "file" else "round,pad=0,rounding_size=0.12"
        axes.add_patch(FancyBboxPatch((left, bottom), width, HEIGHT, boxstyle=style,
                                      facecolor=COLOURS[package], edgecolor="#555555"))
        title, detail = text.split("\n")
        axes.text(left + width / 2, bottom + 0.58, title, ha="center", va="center", weight="bold")
        axes.text(left + width / 2, bottom + 0.27, detail, ha="center", va="center", size=7.5)
    for start, end, text, out_of, into in ARROWS:
        a, b = side(start, out_of), side(end, into)
        axes.annotate("", b, a, arrowprops={"arrowstyle": "-|>", "color": "#555555",
                                            "shrinkA": 0, "shrinkB": 0})
        middle = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
        is_level = a[1] == b[1]
        axes.text(middle[0] + (0 if is_level else 0.08), middle[1] + (0.08 if is_level else 0),
                  text, size=8, ha="center" if is_level else "left")
    for index, package in enumerate(("algo", "hw", "cosim")):
        axes.text(0.15 + 0.85 * index, 0.15, f" {package}/ ", size=9,
                  bbox={"facecolor": COLOURS[package], "edgecolor": "#555555"})
    axes.set_xlim(-0.1, 12.2)
    axes.set_ylim(-0.15, 4.45)
    axes.set_axis_off()
    figure.savefig(path, bbox_inches="tight", facecolor="white",
                   metadata={"Date": None} if path.suffix == ".svg" else None)


if __name__ == "__main__":
    draw(Path(__file__).with_suffix(".svg"))
