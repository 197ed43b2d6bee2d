"""Recipes: every hyper-parameter of a training, as data.

A recipe is a TOML file; the shipped ones lie in ``algo/training/recipes`` and go by name.
"""

from dataclasses import asdict, dataclass

from hw.numbers import NumberFormat

from ..coding import CODINGS
from ..compression.settings import DENSE, Compression
from ..data import check_name
from ..models import FORMS, LEAKY_FORMS, SPIKING
from .recipe_parts import (
    LEAKY_START,
    NO_PENALTY,
    Activity,
    Augmentation,
    Distillation,
    LeakyStart,
    ModelShape,
    Pruning,
)
from .rules import RecipeError, one_of, require
from .stage import Stage

__all__ = ["PRECISIONS", "Recipe"]

# Of activations and gradients in training; sums of the optimiser and evaluation are float32.
PRECISIONS = ("float32", "bf16")


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
    augmentation, distillation, pruning, numbers, model, stages, compression, lif, activity
        The parts; stages in their order. Without ``compression`` the network is dense, or pruned to
        the densities of its stages.
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
    compression: Compression = DENSE
    lif: LeakyStart = LEAKY_START
    activity: Activity = NO_PENALTY

    def __post_init__(self):
        try:
            check_name(self.dataset)
        except ValueError as error:
            raise RecipeError(str(error)) from None
        one_of("coding", CODINGS, self.coding)
        one_of("precision", PRECISIONS, self.precision)
        require(0 <= self.seed < 1 << 32, "seed must be 0 to 2^32 - 1", self.seed)
        require(self.threads >= 1, "threads must be positive", self.threads)
        require(self.batch_size >= 2, "batch_size must be at least 2", self.batch_size)
        require(0 <= self.label_smoothing < 1, "label_smoothing must be 0 to below 1",
                 self.label_smoothing)
        require(0 <= self.averaging < 1, "averaging must be 0 to below 1", self.averaging)
        self._check_stages()
        self._check_compression()

    def _check_stages(self) -> None:
        names = [stage.name for stage in self.stages]
        require(len(set(names)) == len(names), "stages must have names of their own", names)
        forms = [stage.form for stage in self.stages]
        path = self.path
        require(bool(forms) and set(forms) <= set(path)
                 and forms == sorted(forms, key=path.index),
                 f"stages must be in the order {', '.join(path)}", forms)
        require(forms[-1] in SPIKING and forms.count(path[-1]) <= 1,
                 f"the last stage must have the form {path[-2]}, or {path[-1]}, which comes once",
                 forms)
        require(forms[-1] != "lif-log" or "lif" in forms,
                 "a stage of the form lif must come before lif-log", forms)
        steps = [self.steps(stage) for stage in self.stages if stage.form in LEAKY_FORMS[2:]]
        require(steps == sorted(steps, reverse=True), "steps of stages must not grow", steps)
        for stage in self.stages:
            stage.numbers(self.numbers)
        last = [stage for stage in self.stages if stage.form == "time"][-1:]
        require(all(stage.numbers(self.numbers) == self.numbers for stage in last),
                 "the last stage of the form time must have the window and steps of numbers",
                 [stage.name for stage in last])

    def _check_compression(self) -> None:
        method = self.compression.method
        for stage in self.stages if method else ():
            require(stage.density == 1,
                     f"stages.{stage.name}.density must be 1 with a compression.method, which has "
                     "compression.density in all stages", stage.density)
        require(method != "attention" or bool(self.distillation.teacher),
                 "distillation.teacher must be a stage or a checkpoint for the compression.method "
                 "attention", self.distillation.teacher)

    @property
    def path(self) -> tuple[str, ...]:
        """The forms that its stages may have, in order."""
        is_leaky = any(stage.form in LEAKY_FORMS[2:] for stage in self.stages)
        return LEAKY_FORMS if is_leaky else FORMS

    def steps(self, stage: Stage) -> int:
        """Return N of a stage of leaky neurons, 0 of another."""
        if stage.form != "lif-log" or stage.steps:
            return stage.steps
        return [other.steps for other in self.stages if other.form == "lif"][-1]

    @property
    def epochs(self) -> int:
        """Epochs of all stages."""
        return sum(stage.epochs for stage in self.stages)

    def stages_after(self, form: str | None, steps: int = 0) -> tuple[Stage, ...]:
        """Return the stages of later forms than ``form``; all without one.

        Stages of the form ``lif`` are also later if they have fewer than ``steps`` steps.
        """
        places = {other: index for index, other in enumerate(self.path)}
        return tuple(stage for stage in self.stages
                     if form is None or places[stage.form] > places[form]
                     or (stage.form == form == "lif" and stage.steps < steps))

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
