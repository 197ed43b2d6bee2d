"""Recipes: every hyper-parameter of a training, as data.

A recipe is a TOML file; the shipped ones lie in ``algo/recipes`` and go by name.
"""

import tomllib
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from types import GenericAlias
from typing import get_args

from hw.numbers import NumberFormat

from .coding import CODINGS
from .data import LOADERS
from .model import FORMS
from .prune import SCOPES

__all__ = ["Augmentation", "ModelShape", "Recipe", "RecipeError", "Stage", "Stages", "load_recipe",
           "recipe_from"]

SHIPPED = Path(__file__).parent / "recipes"


class RecipeError(ValueError):
    """A recipe breaks a rule; the message is one line that names key and value."""


def _require(condition: bool, rule: str, value) -> None:
    if not condition:
        raise RecipeError(f"{rule}, not {value!r}")


@dataclass(frozen=True, kw_only=True)
class ModelShape:
    """Channels and max pooling (1: none) of each conv layer."""

    channels: tuple[int, ...]
    pools: tuple[int, ...]

    def __post_init__(self):
        _require(bool(self.channels) and min(self.channels) > 0,
                 "model.channels must be positive integers", list(self.channels))
        _require(len(self.pools) == len(self.channels) and set(self.pools) <= {1, 2, 3},
                 f"model.pools must be {len(self.channels)} of 1, 2, 3", list(self.pools))


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Largest random shift (pixels), rotation (degrees) and change of size of training images."""

    shift: float
    rotation: float
    size: float

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            _require(value >= 0, f"augmentation.{field.name} must not be negative", value)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One form of the network: epochs, peak learning rate, density of weights at its end."""

    epochs: int
    learning_rate: float
    density: float

    def __post_init__(self):
        _require(self.epochs >= 1, "epochs of a stage must be positive", self.epochs)
        _require(self.learning_rate > 0, "learning_rate of a stage must be positive",
                 self.learning_rate)
        _require(0 < self.density <= 1, "density of a stage must be above 0 and at most 1",
                 self.density)


@dataclass(frozen=True, kw_only=True)
class Stages:
    """The forms in their order: see ``algo.model.in_form``."""

    relu: Stage
    clip: Stage
    time: Stage
    log: Stage

    @property
    def epochs(self) -> int:
        """Epochs of all stages."""
        return sum(getattr(self, form).epochs for form in FORMS)


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
    batch_size, weight_decay, label_smoothing
        As usual.
    distillation, temperature
        From the stage ``time`` on, this share of the loss is the divergence from the dense network
        that the stage ``relu`` left, both at this softmax temperature.
    prune_scope
        ``"global"`` or ``"layer"``: which weights compete.
    prune_until
        Fraction of a stage after which its density is reached.
    augmentation, numbers, model, stages
        The parts.
    """

    name: str
    dataset: str
    coding: str
    seed: int
    threads: int
    batch_size: int
    weight_decay: float
    label_smoothing: float
    distillation: float
    temperature: float
    prune_scope: str
    prune_until: float
    augmentation: Augmentation
    numbers: NumberFormat
    model: ModelShape
    stages: Stages

    def __post_init__(self):
        _require(self.dataset in LOADERS, f"dataset must be one of {', '.join(sorted(LOADERS))}",
                 self.dataset)
        _require(self.coding in CODINGS, f"coding must be one of {', '.join(CODINGS)}", self.coding)
        _require(self.prune_scope in SCOPES, f"prune_scope must be one of {', '.join(SCOPES)}",
                 self.prune_scope)
        _require(0 <= self.seed < 1 << 32, "seed must be 0 to 2^32 - 1", self.seed)
        _require(self.threads >= 1, "threads must be positive", self.threads)
        _require(self.batch_size >= 2, "batch_size must be at least 2", self.batch_size)
        _require(self.weight_decay >= 0, "weight_decay must not be negative", self.weight_decay)
        _require(0 <= self.label_smoothing < 1, "label_smoothing must be 0 to below 1",
                 self.label_smoothing)
        _require(0 <= self.distillation <= 1, "distillation must be 0 to 1", self.distillation)
        _require(self.temperature > 0, "temperature must be positive", self.temperature)
        _require(0 < self.prune_until <= 1, "prune_until must be above 0 and at most 1",
                 self.prune_until)

    def as_dict(self) -> dict:
        """Return plain data from which :func:`recipe_from` makes an equal recipe."""
        return asdict(self)


def load_recipe(name_or_path: str | Path, overrides: list[str] = ()) -> Recipe:
    """Return the shipped recipe of that name, or that of a TOML file, with ``key=value`` changes.

    Keys of parts are dotted: ``stages.log.epochs=5``. Values are TOML; a bare word is a string.
    Raises :class:`RecipeError` for what is unknown, missing, or of the wrong type.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = SHIPPED / f"{name_or_path}.toml"
        if not path.is_file():
            shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.toml")))
            raise RecipeError(f"a recipe must be a .toml file or one of {shipped}, "
                              f"not {str(name_or_path)!r}")
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecipeError(f"recipe {path} cannot be read ({error})") from None
    for override in overrides:
        _override(entries, override)
    return recipe_from(entries)


def recipe_from(entries: dict) -> Recipe:
    """Return the recipe that plain data stands for. Raises :class:`RecipeError`."""
    return _typed(Recipe, entries, "recipe")


def _override(entries: dict, override: str) -> None:
    key, equals, text = override.partition("=")
    if not (key and equals):
        raise RecipeError(f"an override must be key=value, not {override!r}")
    *parts, last = key.split(".")
    for part in parts:
        entries = entries.get(part)
        if not isinstance(entries, dict):
            raise RecipeError(f"recipe has no key {key!r}")
    try:
        entries[last] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        entries[last] = text


def _typed(kind, value, where: str):
    """Return ``value`` (from TOML or JSON) as ``kind``, or raise :class:`RecipeError`."""
    if is_dataclass(kind):
        if not isinstance(value, dict):
            raise RecipeError(f"{where} must be a table, not {value!r}")
        types = {field.name: field.type for field in fields(kind)}
        for key in sorted(set(types) ^ set(value)):
            raise RecipeError(f"{where}: key {key!r} is "
                              f"{'missing' if key in types else 'unknown'}")
        parts = {key: _typed(types[key], value[key], key if where == "recipe" else f"{where}.{key}")
                 for key in types}
        try:
            return kind(**parts)
        except RecipeError:
            raise
        except ValueError as error:
            raise RecipeError(f"{where}: {error}") from None
    if isinstance(kind, GenericAlias):
        if not isinstance(value, list | tuple):
            raise RecipeError(f"{where} must be a list, not {value!r}")
        return tuple(_typed(get_args(kind)[0], item, where) for item in value)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise RecipeError(f"{where} must be of type {kind.__name__}, not {value!r}")
    return value
