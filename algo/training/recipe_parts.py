"""Parts of a recipe: model, augmentation, distillation, pruning, leaky neurons, activity."""

import math
from dataclasses import dataclass, fields

from ..compression.gradual import SCOPES
from ..models import ARCHITECTURES, NORMS
from .augment import FLIPS
from .rules import in_range, one_of, require

__all__ = ["LEAKY_START", "NO_PENALTY", "Activity", "Augmentation", "Distillation",
           "LeakyStart", "ModelShape", "Pruning"]


@dataclass(frozen=True, kw_only=True)
class ModelShape:
    """Architecture; ``width`` multiplies channels of a VGG or ResNet, ``plain`` lists its layers.

    ``channels`` and ``pools`` (1: none) are those of each conv of ``plain``.
    """

    architecture: str
    width: float = 1.0
    channels: tuple[int, ...] = ()
    pools: tuple[int, ...] = ()

    def __post_init__(self):
        one_of("model.architecture", ARCHITECTURES, self.architecture)
        require(0 < self.width <= 16, "model.width must be above 0 and at most 16", self.width)
        is_plain = self.architecture == "plain"
        require(bool(self.channels) == is_plain and min(self.channels, default=1) > 0,
                 "model.channels must be positive integers for plain, and left out for others",
                 list(self.channels))
        require(len(self.pools) == len(self.channels) and set(self.pools) <= {1, 2, 3},
                 f"model.pools must be {len(self.channels)} of 1, 2, 3", list(self.pools))


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How training images change; see ``algo.training.augment``. All 0 and ``none``: not at all.

    Parameters
    ----------
    shift, rotation, size
        Largest random shift (pixels), rotation (degrees) and change of size (relative).
    crop, flip
        Largest shift by whole pixels; mirrored ``none``, ``random`` or ``alternate``.
    cutout, colour
        Side of a blackened square (pixels); largest relative change of brightness, contrast and
        saturation.
    """

    shift: float = 0.0
    rotation: float = 0.0
    size: float = 0.0
    crop: int = 0
    flip: str = "none"
    cutout: int = 0
    colour: float = 0.0

    def __post_init__(self):
        one_of("augmentation.flip", FLIPS, self.flip)
        for field in fields(self):
            value = getattr(self, field.name)
            require(field.name == "flip" or 0 <= value < math.inf,
                     f"augmentation.{field.name} must not be negative", value)


@dataclass(frozen=True, kw_only=True)
class Distillation:
    """A network guides others.

    ``weight`` (0 … 1) is the share of the loss that is the divergence from the scores of
    ``teacher``, both at softmax ``temperature``. A teacher that is a stage guides those after it
    whose form spikes, one that is the path of a checkpoint guides all stages.
    """

    weight: float
    temperature: float = 1.0
    teacher: str = ""

    def __post_init__(self):
        in_range("distillation.weight", 0, 1, self.weight)
        require(self.temperature > 0, "distillation.temperature must be positive",
                 self.temperature)
        require(bool(self.teacher) or self.weight == 0,
                 "distillation.teacher must be a stage or a checkpoint", self.teacher)


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """``scope`` (``global`` or ``layer``): which weights compete; the density of a stage is
    reached after the fraction ``until`` of it."""

    scope: str
    until: float

    def __post_init__(self):
        one_of("pruning.scope", SCOPES, self.scope)
        require(0 < self.until <= 1, "pruning.until must be above 0 and at most 1", self.until)


@dataclass(frozen=True, kw_only=True)
class LeakyStart:
    """How a network becomes one of leaky neurons, and how these learn.

    Parameters
    ----------
    percentile, factor, images
        First thresholds: ``factor`` times a percentile of what a layer's neurons get in a step,
        over this number of training images.
    leak
        First leak λ of all layers, 0 to 1.
    norms
        Batch normalisation is ``kept`` until weights become logarithmic, or ``folded`` at once.
    rate
        Learning rate of thresholds and leaks, relative to that of the weights.
    """

    percentile: float = 90.0
    factor: float = 1.0
    images: int = 512
    leak: float = 1.0
    norms: str = NORMS[0]
    rate: float = 1.0

    def __post_init__(self):
        require(0 < self.percentile <= 100, "lif.percentile must be above 0 and at most 100",
                 self.percentile)
        require(0 < self.factor < math.inf, "lif.factor must be positive", self.factor)
        require(self.images >= 1, "lif.images must be positive", self.images)
        in_range("lif.leak", 0, 1, self.leak)
        one_of("lif.norms", NORMS, self.norms)
        require(0 <= self.rate < math.inf, "lif.rate must not be negative", self.rate)


@dataclass(frozen=True, kw_only=True)
class Activity:
    """A penalty on the synaptic operations that spikes cause, in all stages whose form spikes.

    The loss grows by ``weight`` times the share of the operations of a dense network that the
    spikes of the hidden layers cause; 0: no penalty. ``reach``: potentials up to so many times the
    last threshold are pushed down (see :meth:`algo.neurons.TimeCoded.spikes`).
    """

    weight: float = 0.0
    reach: float = 16.0

    def __post_init__(self):
        require(0 <= self.weight < math.inf, "activity.weight must not be negative", self.weight)
        require(1 <= self.reach < math.inf, "activity.reach must be at least 1", self.reach)


# What a recipe without these parts has.
LEAKY_START, NO_PENALTY = LeakyStart(), Activity()
