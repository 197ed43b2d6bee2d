"""Recipes as files: names, overrides, types; what is unknown, missing or damaged."""

import json

import pytest

from algo.training.recipe import Recipe
from algo.training.recipe_file import load_recipe, recipe_from, shipped_recipes
from algo.training.rules import RecipeError


def test_shipped_recipes_load():
    assert {"digits", "cifar10-vgg16", "digits-lif", "cifar10-vgg16-lif"} <= set(shipped_recipes())
    for name in shipped_recipes():
        assert isinstance(load_recipe(name), Recipe)


def test_a_stage_has_the_form_of_its_name_unless_it_says_so():
    entries = load_recipe("digits").as_dict()
    for stage in entries["stages"].values():
        assert stage.pop("form")
    assert recipe_from(entries) == load_recipe("digits")


def test_whole_numbers_are_floats_where_floats_are_meant():
    assert type(load_recipe("digits", ["stages.relu.learning_rate=1"]).stages[0].learning_rate
                ) is float


def test_recipe_survives_json():
    recipe = load_recipe("digits")
    assert recipe_from(json.loads(json.dumps(recipe.as_dict()))) == recipe


@pytest.mark.parametrize(("override", "found", "value"), [
    ("seed=7", lambda r: r.seed, 7),
    ("averaging=0", lambda r: r.averaging, 0.0),
    ("stages.log.epochs=3", lambda r: r.stages[3].epochs, 3),
    ("numbers.window=12", lambda r: r.numbers.window, 12),
    ("model.channels=[4, 5, 6]", lambda r: r.model.channels, (4, 5, 6)),
    ("coding=bits", lambda r: r.coding, "bits"),
    ('name="a b"', lambda r: r.name, "a b")])
def test_override(override, found, value):
    assert found(load_recipe("digits", [override])) == value


@pytest.mark.parametrize(("override", "message"), [
    ("seed", "an override must be key=value, not 'seed'"),
    ("sead=1", "recipe: key 'sead' is unknown"),
    ("stages.last.epochs=1", "recipe has no key 'stages.last.epochs'"),
    ("seed.x=1", "recipe has no key 'seed.x'"),
    ("stages.log.epoch=1", "stages.log: key 'epoch' is unknown"),
    ("seed=1.5", "seed must be of type int, not 1.5"),
    ("seed=true", "seed must be of type int, not True"),
    ("dataset=a/b", ".*'a/b'"),
    ("=1", "an override must be key=value, not '=1'"),
    ("stages.relu=1", "stages.relu must be a table, not 1"),
    ("augmentation=1", "augmentation must be a table, not 1"),
    ("precision=[1]", r"precision must be of type str, not \[1\]"),
    ("stages.relu.window=1.5", "stages.relu.window must be of type int, not 1.5"),
    ("model.channels=4", "model.channels must be a list, not 4"),
    ("model.channels=[4.0]", "model.channels must be of type int, not 4.0"),
    ("stages=1", "stages must be a list, not 1")])
def test_wrong_overrides_are_refused(override, message):
    with pytest.raises(RecipeError, match=f"^{message}$"):
        load_recipe("digits", [override])


def test_unknown_recipe_is_refused():
    with pytest.raises(RecipeError, match=r"a recipe must be a .toml file or one of .*digits"):
        load_recipe("no-such-recipe")


def test_missing_keys_are_named():
    entries = load_recipe("digits").as_dict()
    del entries["pruning"]["scope"]
    with pytest.raises(RecipeError, match="pruning: key 'scope' is missing"):
        recipe_from(entries)


@pytest.mark.parametrize("text", ["seed = ", "\xff\xfe"])
def test_damaged_file_is_refused(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(RecipeError, match=r"mine\.toml cannot be read"):
        load_recipe(path)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="cannot be read"):
        load_recipe(tmp_path / "none.toml")
