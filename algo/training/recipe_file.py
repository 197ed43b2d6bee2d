"""Recipes as TOML files, and as the plain data in checkpoints."""

import tomllib
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import GenericAlias
from typing import get_args

from .recipe import Recipe
from .rules import RecipeError

__all__ = ["load_recipe", "recipe_from", "shipped_recipes"]

SHIPPED = Path(__file__).parent / "recipes"
# Sections that a recipe may leave out.
OPTIONAL = {field.name for field in fields(Recipe) if is_dataclass(field.default)}


def shipped_recipes() -> list[str]:
    """Return the names of the recipes that come with firstspike."""
    return sorted(file.stem for file in SHIPPED.glob("*.toml"))


def load_recipe(name_or_path: str | Path, overrides: list[str] = ()) -> Recipe:
    """Return the shipped recipe of that name, or that of a TOML file, with ``key=value`` changes.

    Keys of parts are dotted: ``stages.log.epochs=5``. Values are TOML; a bare word is a string.
    Raises :class:`RecipeError` for what is unknown, missing, or of the wrong type.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = SHIPPED / f"{name_or_path}.toml"
        if not path.is_file():
            raise RecipeError(f"a recipe must be a .toml file or one of "
                              f"{', '.join(shipped_recipes())}, not {str(name_or_path)!r}")
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecipeError(f"recipe {path} cannot be read ({error})") from None
    for override in overrides:
        _override(entries, override)
    return recipe_from(entries)


def recipe_from(entries: dict) -> Recipe:
    """Return the recipe that plain data stands for. Raises :class:`RecipeError`."""
    stages = entries.get("stages")
    if isinstance(stages, dict):
        for name, stage in stages.items():
            if not isinstance(stage, dict):
                raise RecipeError(f"stages.{name} must be a table, not {stage!r}")
        named = [{"name": name, "form": name, **stage} for name, stage in stages.items()]
        entries = {**entries, "stages": named}
    return _typed(Recipe, entries, "recipe")


def _override(entries: dict, override: str) -> None:
    key, equals, text = override.partition("=")
    if not (key and equals):
        raise RecipeError(f"an override must be key=value, not {override!r}")
    *parts, last = key.split(".")
    if parts and parts[0] in OPTIONAL:
        entries.setdefault(parts[0], {})
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
        return _dataclass(kind, value, where)
    if isinstance(kind, GenericAlias):
        if not isinstance(value, list | tuple):
            raise RecipeError(f"{where} must be a list, not {value!r}")
        return tuple(_typed(get_args(kind)[0], item, where) for item in value)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise RecipeError(f"{where} must be of type {kind.__name__}, not {value!r}")
    return value


def _dataclass(kind, value, where: str):
    if not isinstance(value, dict):
        raise RecipeError(f"{where} must be a table, not {value!r}")
    if "name" in value and where == "stages":
        where = f"stages.{value['name']}"
    types = {field.name: field.type for field in fields(kind)}
    optional = {field.name for field in fields(kind) if field.default is not MISSING}
    for key in sorted(set(types) - set(value) - optional):
        raise RecipeError(f"{where}: key {key!r} is missing")
    for key in sorted(set(value) - set(types)):
        raise RecipeError(f"{where}: key {key!r} is unknown")
    parts = {key: _typed(types[key], value[key], key if where == "recipe" else f"{where}.{key}")
             for key in types if key in value}
    try:
        return kind(**parts)
    except RecipeError:
        raise
    except ValueError as error:
        raise RecipeError(f"{where}: {error}") from None
