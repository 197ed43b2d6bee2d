"""Published figures, with what each includes, beside those of a run."""

from dataclasses import dataclass

from ..energy.conventions import CONVENTIONS

__all__ = ["DATA_SETS", "Published", "data_set_of", "operation_energies", "published_on"]

PICOJOULE_PER_MICROJOULE = 1e6
# What the images of a data set are, for readers who do not know it.
DATA_SETS = {"cifar10": "CIFAR-10 (32×32 pixels, 10 classes)",
             "cifar100": "CIFAR-100 (32×32 pixels, 100 classes)",
             "tiny-imagenet": "Tiny-ImageNet (64×64 pixels, 200 classes)"}


@dataclass(frozen=True, kw_only=True)
class Published:
    """What a publication reports for an image of a data set, each by its name."""

    name: str
    source: str
    link: str
    includes: str
    accuracy: dict[str, float]
    energy_uj: dict[str, float]


# The first is the processor that this project measures itself against.
PUBLISHED = (
    Published(
        name="Time-to-first-spike processor", source="Lew, Lee and Park, DAC 2022",
        link="https://arxiv.org/abs/2208.04494",
        includes="28 nm, VGG-16 of full width, 5-bit logarithmic weights. The abstract does not "
                 "say whether DRAM is in it. Reading the 5-bit weights of that network once, at "
                 "4 pJ a bit, takes 294 µJ, so it probably is.",
        accuracy={"cifar10": 0.917, "cifar100": 0.679, "tiny-imagenet": 0.574},
        energy_uj={"cifar10": 486.7, "cifar100": 503.6, "tiny-imagenet": 1426.0}),
    Published(
        name="BinarEye", source="Moons and others, CICC 2018",
        link="https://arxiv.org/abs/1804.05554",
        includes="28 nm chip, binary network, not spiking; everything on chip.",
        accuracy={"cifar10": 0.86}, energy_uj={"cifar10": 14.4}))


def published_on(data_set: str) -> list[Published]:
    """Return those with figures on a data set, the processor to be measured against first."""
    return [other for other in PUBLISHED if data_set in other.energy_uj]


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
