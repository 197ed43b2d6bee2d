"""The report: what a run folder holds, as one HTML page that needs nothing else."""

from dataclasses import dataclass
from pathlib import Path

from ..activity import IMAGE, SCORES
from ..output import new_file
from ..synthesis.summary import FIGURES
from .accuracy import agreement_of, headline_of, stages_of
from .cycles import CYCLE_PARTS, cycle_parts, cycle_picture
from .energy import ENERGY_PARTS, component_picture, layer_picture
from .folder import RunFolder, read_folder
from .number import FILTERS
from .picture import COLOURS, pixels_uri
from .published import DATA_SETS, data_set_of, operation_energies, published_on
from .spikes import spike_pictures, spikes_of
from .verdict import verdict_of

__all__ = ["render", "render_report", "write_report"]


@dataclass(frozen=True)
class FirstImage:
    """The first image, as a picture, what it was taken for and what it is; names of classes."""

    uri: str
    predicted: str
    label: str | None


def write_report(directory: Path, file: Path) -> None:
    """Write the report of a run folder. Raises ``ContentError`` or ``OSError``."""
    page = render_report(read_folder(directory))
    with new_file(file) as new:
        new.write_text(page, encoding="utf-8")


def render_report(folder: RunFolder) -> str:
    """Return the report as HTML: no script, and nothing that is loaded from elsewhere."""
    spikes, stages = spikes_of(folder) if folder.activity else [], stages_of(folder)
    result = folder.result
    data_set = data_set_of(result["images_from"])
    shown = data_set if data_set in DATA_SETS else next(iter(DATA_SETS))
    return render(
        "report.html.j2", folder=folder, result=result, run=folder.run,
        prediction=folder.prediction, context=folder.context, synthesis=folder.synthesis,
        figures=FIGURES,
        verdict=verdict_of(folder), stages=stages, headline=headline_of(stages),
        agreement=agreement_of(folder),
        spikes={layer.name: layer for layer in spikes}, first_image=_first_image(folder),
        spike_pictures=spike_pictures(spikes) if spikes else None,
        cycle_parts=cycle_parts(result["counts"]), cycle_meanings=CYCLE_PARTS,
        cycle_picture=cycle_picture(result), energy_parts=ENERGY_PARTS,
        layer_picture=layer_picture(result), component_picture=component_picture(result),
        published=published_on(shown), published_of=(shown, DATA_SETS[shown]),
        same_data_set=shown == data_set,
        conventions=operation_energies(result["counts"]["synaptic_operations"]))


def render(template: str, **content) -> str:
    """Return a template of this package, filled; everything but markup is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(loader=PackageLoader("cosim.report"), autoescape=True,
                              undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= FILTERS
    return environment.get_template(template).render(colours=COLOURS, **content) + "\n"


def _first_image(folder: RunFolder) -> FirstImage | None:
    if folder.activity is None:
        return None
    classes = folder.context["network"]["classes"]
    label = folder.context["images"]["first_label"]
    predicted = int(folder.activity[SCORES].argmax())
    return FirstImage(pixels_uri(folder.activity[IMAGE]), _class(classes, predicted),
                      None if label is None else _class(classes, label))


def _class(classes: list, index: int) -> str:
    return str(classes[index]) if index < len(classes) else f"class {index}"
