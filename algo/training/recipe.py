"""Recipes: every hyper-parameter of a training, as data.

A recipe is a TOML file; the shipped ones lie in ``algo/training/recipes`` and go by name.
"""

import math
import re
from dataclasses import asdict, dataclass, fields, replace

from hw.numbers import NumberFormat

from ..coding import CODINGS
from ..data import check_name
from ..models import ARCHITECTURES, FORMS, SPIKING
from ..prune import SCOPES
from .augment import FLIPS

__all__ = ["OPTIMISERS", "PRECISIONS", "Activity", "Augmentation", "Distillation", "ModelShape",
           "Pruning", "Recipe", "RecipeError", "Stage"]

OPTIMISERS = ("sgd", "adamw")
# Of activations and gradients in training; sums of the optimiser and evaluation are float32.
PRECISIONS = ("float32", "bf16")
# Stages name files beside these two.
STAGE_NAME, OTHER_FILES = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*"), ("checkpoint", "network")


class RecipeError(ValueError):
    """A recipe breaks a rule; the message is one line that names key and value."""


def _require(condition: bool, rule: str, value) -> None:
    if not condition:
        raise RecipeError(f"{rule}, not {value!r}")


def _one_of(key: str, known: tuple[str, ...], value) -> None:
    _require(value in known, f"{key} must be one of {', '.join(known)}", value)


def _in_range(key: str, low: float, high: float, value: float) -> None:
    _require(low <= value <= high, f"{key} must be {low} to {high}", value)


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
        _one_of("model.architecture", ARCHITECTURES, self.architecture)
        _require(0 < self.width <= 16, "model.width must be above 0 and at most 16", self.width)
        is_plain = self.architecture == "plain"
        _require(bool(self.channels) == is_plain and min(self.channels, default=1) > 0,
                 "model.channels must be positive integers for plain, and left out for others",
                 list(self.channels))
        _require(len(self.pools) == len(self.channels) and set(self.pools) <= {1, 2, 3},
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
        _one_of("augmentation.flip", FLIPS, self.flip)
        for field in fields(self):
            value = getattr(self, field.name)
            _require(field.name == "flip" or 0 <= value < math.inf,
                     f"augmentation.{field.name} must not be negative", value)


@dataclass(frozen=True, kw_only=True)
class Distillation:
    """A float network guides the spiking ones.

    ``weight`` (0 … 1) is the share of the loss that is the divergence from the scores of
    ``teacher`` (a stage, or the path of a checkpoint), both at softmax ``temperature``; in all
    stages whose form spikes, and that come after the teacher's.
    """

    weight: float
    temperature: float = 1.0
    teacher: str = ""

    def __post_init__(self):
        _in_range("distillation.weight", 0, 1, self.weight)
        _require(self.temperature > 0, "distillation.temperature must be positive",
                 self.temperature)
        _require(bool(self.teacher) or self.weight == 0,
                 "distillation.teacher must be a stage or a checkpoint", self.teacher)


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """``scope`` (``global`` or ``layer``): which weights compete; the density of a stage is
    reached after the fraction ``until`` of it."""

    scope: str
    until: float

    def __post_init__(self):
        _one_of("pruning.scope", SCOPES, self.scope)
        _require(0 < self.until <= 1, "pruning.until must be above 0 and at most 1", self.until)


@dataclass(frozen=True, kw_only=True)
class Activity:
    """A penalty on the synaptic operations that spikes cause, in all stages whose form spikes.

    The loss grows by ``weight`` times the share of the operations of a dense network that the
    spikes of the hidden layers cause; 0: no penalty. ``reach``: potentials up to so many times the
    last threshold are pushed down (see :meth:`algo.neuron.TimeCoded.spikes`).
    """

    weight: float = 0.0
    reach: float = 16.0

    def __post_init__(self):
        _require(0 <= self.weight < math.inf, "activity.weight must not be negative", self.weight)
        _require(1 <= self.reach < math.inf, "activity.reach must be at least 1", self.reach)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A part of the training, with the network in one form.

    Parameters
    ----------
    name, form
        A recipe's own name, and one of ``algo.models.FORMS``.
    epochs, optimiser, weight_decay
        ``sgd`` has Nesterov's momentum 0.9; ``adamw`` its usual betas.
    learning_rate, final_rate
        After ``warmup`` epochs the rate falls as a cosine from the first to the second.
    density
        Fraction of weights that is left at the end.
    window, steps_per_octave
        Of the firing rule in this stage; 0: those of the recipe's ``numbers``.
    """

    name: str
    form: str
    epochs: int
    optimiser: str
    learning_rate: float
    final_rate: float = 0.0
    warmup: float = 0.0
    weight_decay: float = 0.0
    density: float = 1.0
    window: int = 0
    steps_per_octave: int = 0

    def __post_init__(self):
        _require(STAGE_NAME.fullmatch(self.name) and self.name not in OTHER_FILES,
                 "stages must have names of letters, digits, - and _, which are not "
                 f"{' or '.join(OTHER_FILES)}", self.name)
        where = f"stages.{self.name}"
        _one_of(f"{where}.form", FORMS, self.form)
        _one_of(f"{where}.optimiser", OPTIMISERS, self.optimiser)
        _require(self.epochs >= 1, f"{where}.epochs must be positive", self.epochs)
        _require(self.learning_rate > 0, f"{where}.learning_rate must be positive",
                 self.learning_rate)
        _in_range(f"{where}.final_rate", 0, self.learning_rate, self.final_rate)
        _in_range(f"{where}.warmup", 0, self.epochs, self.warmup)
        _require(self.weight_decay >= 0, f"{where}.weight_decay must not be negative",
                 self.weight_decay)
        _require(0 < self.density <= 1, f"{where}.density must be above 0 and at most 1",
                 self.density)
        is_coarser = self.window or self.steps_per_octave
        _require(not is_coarser or self.form == "time",
                 f"{where}: only the form time may have a window and steps of its own", self.form)

    def numbers(self, numbers: NumberFormat) -> NumberFormat:
        """Return ``numbers`` with what this stage changes. Raises ``ValueError``."""
        return replace(numbers, window=self.window or numbers.window,
                       steps_per_octave=self.steps_per_octave or numbers.steps_per_octave)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that a training depends on.

    Parameters
    ----------
    name
        Name of the network.
    dataset, coding
        Data set and input table.
    seed
        Of initial weights, order and augmentation.
    threads
        CPU threads; another number may give other roundings and so another network.
    precision
        ``float32`` or ``bf16``, of activations and gradients.
    batch_size, label_smoothing
        As usual; ``batch_size`` is that of all processes together.
    averaging
        Decay per step of the moving average of weights (EMA) that is evaluated and handed on;
        0: the weights themselves.
    augmentation, distillation, pruning, activity, numbers, model, stages
        The parts; stages in their order.
    """

    name: str
    dataset: str
    coding: str
    seed: int
    threads: int
    precision: str
    batch_size: int
    label_smoothing: float
    averaging: float
    augmentation: Augmentation
    distillation: Distillation
    pruning: Pruning
    numbers: NumberFormat
    model: ModelShape
    stages: tuple[Stage, ...]
    activity: Activity = Activity()

    def __post_init__(self):
        try:
            check_name(self.dataset)
        except ValueError as error:
            raise RecipeError(str(error)) from None
        _one_of("coding", CODINGS, self.coding)
        _one_of("precision", PRECISIONS, self.precision)
        _require(0 <= self.seed < 1 << 32, "seed must be 0 to 2^32 - 1", self.seed)
        _require(self.threads >= 1, "threads must be positive", self.threads)
        _require(self.batch_size >= 2, "batch_size must be at least 2", self.batch_size)
        _require(0 <= self.label_smoothing < 1, "label_smoothing must be 0 to below 1",
                 self.label_smoothing)
        _require(0 <= self.averaging < 1, "averaging must be 0 to below 1", self.averaging)
        self._check_stages()

    def _check_stages(self) -> None:
        names = [stage.name for stage in self.stages]
        _require(len(set(names)) == len(names), "stages must have names of their own", names)
        forms = [stage.form for stage in self.stages]
        _require(bool(forms) and forms == sorted(forms, key=FORMS.index),
                 f"stages must be in the order {', '.join(FORMS)}", forms)
        _require(forms[-1] in SPIKING and forms.count("log") <= 1,
                 "the last stage must have the form time, or log, which comes once", forms)
        for stage in self.stages:
            stage.numbers(self.numbers)
        last = [stage for stage in self.stages if stage.form == "time"][-1:]
        _require(all(stage.numbers(self.numbers) == self.numbers for stage in last),
                 "the last stage of the form time must have the window and steps of numbers",
                 [stage.name for stage in last])

    @property
    def epochs(self) -> int:
        """Epochs of all stages."""
        return sum(stage.epochs for stage in self.stages)

    def stages_after(self, form: str | None) -> tuple[Stage, ...]:
        """Return the stages of later forms than ``form``; all without one."""
        return tuple(stage for stage in self.stages
                     if form is None or FORMS.index(stage.form) > FORMS.index(form))

    def stage_index(self, name: str) -> int:
        """Return the place of a stage."""
        return [stage.name for stage in self.stages].index(name)

    def epochs_before(self, name: str) -> int:
        """Return the epochs of the stages before one."""
        return sum(stage.epochs for stage in self.stages[:self.stage_index(name)])

    def as_dict(self) -> dict:
        """Return plain data from which :func:`recipe_from` makes an equal recipe."""
        entries = asdict(self)
        entries["stages"] = {stage.pop("name"): stage for stage in entries["stages"]}
        return entries
