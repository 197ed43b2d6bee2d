"""Published figures on CIFAR-10, with what each includes, beside those of a run."""

from dataclasses import dataclass

from ..energy.conventions import CONVENTIONS

__all__ = ["PUBLISHED", "Published", "data_set_of", "operation_energies"]

PICOJOULE_PER_MICROJOULE = 1e6


@dataclass(frozen=True, kw_only=True)
class Published:
    """What a publication reports for an image of CIFAR-10."""

    name: str
    source: str
    link: str
    accuracy: float
    energy_uj: float
    includes: str


PUBLISHED = (
    Published(
        name="Time-to-first-spike processor", source="Lew, Lee and Park, DAC 2022",
        link="https://arxiv.org/abs/2208.04494", accuracy=0.917, energy_uj=486.7,
        includes="28 nm, VGG-16 of full width, 5-bit logarithmic weights. The abstract does not "
                 "say whether DRAM is in it. Reading the 5-bit weights of that network once, at "
                 "4 pJ a bit, takes 294 µJ, so it probably is."),
    Published(
        name="BinarEye", source="Moons and others, CICC 2018",
        link="https://arxiv.org/abs/1804.05554", accuracy=0.86, energy_uj=14.4,
        includes="28 nm chip, binary network, not spiking; everything on chip."))


def data_set_of(images_from: str) -> str | None:
    """Return the data set that images are from, ``None`` for a file.

    >>> data_set_of("cifar10:test"), data_set_of("mine.npz")
    ('cifar10', None)
    """
    name, colon, _ = images_from.partition(":")
    return name if colon and not images_from.endswith(".npz") else None


def operation_energies(synaptic_operations: float) -> list[dict]:
    """Return the energy of additions alone under each convention of papers, as plain data."""
    return [{"name": convention.name, "source": convention.source, "ac_pj": convention.ac_pj,
             "energy_uj": synaptic_operations * convention.ac_pj / PICOJOULE_PER_MICROJOULE}
            for convention in CONVENTIONS]
