"""What a recipe may say about compression: each refusal is one line."""

import re

import pytest

from algo.compression.settings import DENSE, Compression
from algo.training.recipe_file import load_recipe, recipe_from
from algo.training.rules import RecipeError

DIGITS = load_recipe("digits", ["stages.time.density=1", "stages.log.density=1"]).as_dict()


def recipe(**changes):
    found = {"method": "momentum", "density": 0.1, **changes}
    return recipe_from({**DIGITS, "compression": found})


def test_recipes_of_before_are_dense():
    entries = {key: value for key, value in DIGITS.items() if key != "compression"}
    assert recipe_from(entries) == recipe_from(DIGITS) and recipe_from(entries).compression == DENSE


def test_plain_data_makes_an_equal_recipe():
    found = recipe(dense=["first", "scores"], structure="balanced", lanes=8)
    assert recipe_from(found.as_dict()) == found and found.compression == Compression(
        method="momentum", density=0.1, dense=("first", "scores"), structure="balanced", lanes=8)


@pytest.mark.parametrize(("changes", "message"), [
    ({"method": "best"}, "compression: method must be one of attention, momentum, random, "
                         "magnitude, not 'best'"),
    ({"method": ""}, "compression: density must be left out without a method, not 0.1"),
    ({"begin": 0.1}, "compression: begin must be above density and below 1, or 0 for none, not "
                     "0.1"),
    ({"until": 0.0}, "compression: until must be above 0 and at most 1, not 0.0"),
    ({"structure": "filter"}, "compression: structure must be one of irregular, balanced, channel, "
                              "not 'filter'"),
    ({"structure": "balanced"}, "compression: lanes must be positive for the structure balanced, "
                                "and 0 for others, not 0"),
    ({"lanes": 4}, "compression: lanes must be positive for the structure balanced, and 0 for "
                   "others, not 4"),
    ({"structure": "balanced", "lanes": -4}, "compression: lanes must be positive for the structure"
                                             " balanced, and 0 for others, not -4"),
    ({"density": 1}, "compression: density must be above 0 and below 1, not 1.0"),
    ({"density": 0}, "compression: density must be above 0 and below 1, not 0.0"),
    ({"attention": 1}, "compression: attention must be positive for the method attention, and 0 "
                       "for others, not 1.0"),
    ({"method": "attention"}, "compression: attention must be positive for the method attention, "
                              "and 0 for others, not 0.0"),
    ({"drop": 1}, "compression: drop must be 0 to below 1, not 1.0"),
    ({"keep": 1}, "compression: key 'keep' is unknown"),
    ({"dense": "first"}, "compression.dense must be a list, not 'first'")])
def test_each_rule_refuses_in_one_line(changes, message):
    with pytest.raises(RecipeError, match=f"^{re.escape(message)}$"):
        recipe(**changes)


def test_gradual_pruning_and_compression_are_refused_together():
    stages = {**DIGITS["stages"], "log": {**DIGITS["stages"]["log"], "density": 0.5}}
    with pytest.raises(RecipeError, match=re.escape(
            "stages.log.density must be 1 with a compression.method, which has "
            "compression.density in all stages, not 0.5")):
        recipe_from({**recipe().as_dict(), "stages": stages})


def test_attention_needs_a_teacher():
    entries = {**DIGITS, "distillation": {"weight": 0.0}, "compression": {
        "method": "attention", "attention": 1.0, "density": 0.1}}
    with pytest.raises(RecipeError, match=r"^distillation.teacher must be a stage or a checkpoint "
                                          r"for the compression.method attention, not ''$"):
        recipe_from(entries)
