"""A stage of a training."""

import re
from dataclasses import dataclass, replace

from hw.numbers import MAX_STEPS, NumberFormat

from ..models import FORMS, LEAKY_FORMS
from .rules import in_range, one_of, require

__all__ = ["OPTIMISERS", "Stage"]

OPTIMISERS = ("sgd", "adamw")
# Stages name files beside these two.
STAGE_NAME, OTHER_FILES = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*"), ("checkpoint", "network")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A part of the training, with the network in one form.

    Parameters
    ----------
    name, form
        A recipe's own name, and one of ``algo.models.FORMS`` or ``LEAKY_FORMS``.
    images
        Training images that an epoch draws anew; 0: all of them.
    epochs, optimiser, weight_decay
        ``sgd`` has Nesterov's momentum 0.9; ``adamw`` its usual betas.
    learning_rate, final_rate
        After ``warmup`` epochs the rate falls as a cosine from the first to the second.
    density
        Fraction of weights that is left at the end.
    window, steps_per_octave
        Of the firing rule in this stage; 0: those of the recipe's ``numbers``.
    steps
        N of leaky neurons; in ``lif-log`` 0 stands for that of the stage before.
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
    steps: int = 0
    images: int = 0

    def __post_init__(self):
        require(STAGE_NAME.fullmatch(self.name) and self.name not in OTHER_FILES,
                 "stages must have names of letters, digits, - and _, which are not "
                 f"{' or '.join(OTHER_FILES)}", self.name)
        where = f"stages.{self.name}"
        one_of(f"{where}.form", tuple(dict.fromkeys(FORMS + LEAKY_FORMS)), self.form)
        one_of(f"{where}.optimiser", OPTIMISERS, self.optimiser)
        require(self.epochs >= 1, f"{where}.epochs must be positive", self.epochs)
        require(self.learning_rate > 0, f"{where}.learning_rate must be positive",
                 self.learning_rate)
        in_range(f"{where}.final_rate", 0, self.learning_rate, self.final_rate)
        in_range(f"{where}.warmup", 0, self.epochs, self.warmup)
        require(self.weight_decay >= 0, f"{where}.weight_decay must not be negative",
                 self.weight_decay)
        require(0 < self.density <= 1, f"{where}.density must be above 0 and at most 1",
                 self.density)
        require(self.images >= 0, f"{where}.images must not be negative", self.images)
        is_coarser = self.window or self.steps_per_octave
        require(not is_coarser or self.form == "time",
                 f"{where}: only the form time may have a window and steps of its own", self.form)
        low = {"lif": 1, "lif-log": 0}.get(self.form)
        if low is None:
            require(self.steps == 0, f"{where}.steps must be left out of the form {self.form}",
                     self.steps)
        else:
            in_range(f"{where}.steps", low, MAX_STEPS, self.steps)

    def numbers(self, numbers: NumberFormat) -> NumberFormat:
        """Return ``numbers`` with what this stage changes. Raises ``ValueError``."""
        return replace(numbers, window=self.window or numbers.window,
                       steps_per_octave=self.steps_per_octave or numbers.steps_per_octave)
