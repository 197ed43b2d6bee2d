"""What stands against comparing designs, in plain words."""

from collections.abc import Callable, Sequence

from .design import Design

__all__ = ["FEW_IMAGES", "warnings_of"]

# Below so many images, chance is worth more than three points of accuracy.
FEW_IMAGES = 200


def warnings_of(designs: Sequence[Design]) -> list[str]:
    """Return what makes figures of these designs not comparable, a sentence each."""
    found = [*_differ(designs, lambda design: design.table,
                      "Energies are by different tables: {}. Do not compare them."),
             *_differ(designs, lambda design: f"{design.clock_mhz:g} MHz",
                      "Images per second are at different clocks: {}."),
             *_differ(designs, _image_set, "Accuracies are on different images: {}.")]
    sources = {_image_set(design) for design in designs}
    digests = {design.images_sha256 for design in designs} - {None}
    if len(sources) == 1 and len(digests) > 1:
        found.append("The images are of one name but not the same.")
    for design in designs:
        if design.bit_exact is False:
            found.append(f"{design.name} is not bit-exact: its figures are of wrong hardware.")
    few = [design for design in designs
           if design.images < FEW_IMAGES and design.accuracy is not None]
    if few:
        names = ", ".join(f"{design.name} ({design.images})" for design in few)
        found.append(f"Accuracies of fewer than {FEW_IMAGES} images say little: {names}.")
    unknown = [design.name for design in designs if design.memory_bits is None]
    if unknown:
        found.append(f"Memory is not recorded in {', '.join(unknown)}.")
    return found


def _image_set(design: Design) -> str:
    return f"{design.images} of {design.images_from}"


def _differ(designs: Sequence[Design], value: Callable[[Design], str], sentence: str) -> list[str]:
    """Return the sentence with the values and who has them, if there are several values."""
    values = {}
    for design in designs:
        values.setdefault(value(design), []).append(design.name)
    if len(values) == 1:
        return []
    return [sentence.format("; ".join(f"{shown} in {', '.join(names)}"
                                      for shown, names in values.items()))]
