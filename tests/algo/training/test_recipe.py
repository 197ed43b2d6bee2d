"""The rules of a recipe: each refusal is one line that names key, rule and value."""

import re
from dataclasses import replace

import pytest

from algo.models import FORMS
from algo.training.recipe_file import load_recipe, recipe_from
from algo.training.recipe_parts import Augmentation
from algo.training.rules import RecipeError
from algo.training.stage import Stage

DIGITS, LEAKY = load_recipe("digits"), load_recipe("digits-lif")


@pytest.mark.parametrize(("override", "message"), [
    ("seed=-1", "seed must be 0 to 2^32 - 1, not -1"),
    ("seed=4294967296", "seed must be 0 to 2^32 - 1, not 4294967296"),
    ("threads=0", "threads must be positive, not 0"),
    ("batch_size=1", "batch_size must be at least 2, not 1"),
    ("precision=fp8", "precision must be one of float32, bf16, not 'fp8'"),
    ("coding=rate", "coding must be one of time, bits, greedy2, greedy3, not 'rate'"),
    ("label_smoothing=1", "label_smoothing must be 0 to below 1, not 1.0"),
    ("label_smoothing=nan", "label_smoothing must be 0 to below 1, not nan"),
    ("averaging=1", "averaging must be 0 to below 1, not 1.0"),
    ("averaging=-0.1", "averaging must be 0 to below 1, not -0.1"),
    ("augmentation.crop=-1", "augmentation.crop must not be negative, not -1"),
    ("augmentation.colour=nan", "augmentation.colour must not be negative, not nan"),
    ("augmentation.shift=inf", "augmentation.shift must not be negative, not inf"),
    ("augmentation.flip=up", "augmentation.flip must be one of none, random, alternate, not 'up'"),
    ("distillation.weight=1.5", "distillation.weight must be 0 to 1, not 1.5"),
    ("distillation.temperature=0", "distillation.temperature must be positive, not 0.0"),
    ("distillation.teacher=''", "distillation.teacher must be a stage or a checkpoint, not ''"),
    ("activity.weight=-1", "activity.weight must not be negative, not -1.0"),
    ("activity.weight=nan", "activity.weight must not be negative, not nan"),
    ("activity.reach=0.5", "activity.reach must be at least 1, not 0.5"),
    ("activity.strength=1", "activity: key 'strength' is unknown"),
    ("pruning.scope=some", "pruning.scope must be one of global, layer, not 'some'"),
    ("pruning.until=0", "pruning.until must be above 0 and at most 1, not 0.0"),
    ("model.architecture=vgg19",
     "model.architecture must be one of plain, vgg11, vgg16, resnet18, resnet20, not 'vgg19'"),
    ("model.architecture=vgg16",
     "model.channels must be positive integers for plain, and left out for others, "
     "not [16, 24, 32]"),
    ("model.channels=[]",
     "model.channels must be positive integers for plain, and left out for others, not []"),
    ("model.channels=[1, 0, 2]",
     "model.channels must be positive integers for plain, and left out for others, not [1, 0, 2]"),
    ("model.pools=[2]", "model.pools must be 3 of 1, 2, 3, not [2]"),
    ("model.pools=[1, 2, 4]", "model.pools must be 3 of 1, 2, 3, not [1, 2, 4]"),
    ("model.width=0", "model.width must be above 0 and at most 16, not 0.0"),
    ("model.width=17", "model.width must be above 0 and at most 16, not 17.0"),
    ("stages.relu.form=step",
     "stages.relu.form must be one of relu, clip, time, log, lif, lif-log, not 'step'"),
    ("stages.relu.steps=1", "stages.relu.steps must be left out of the form relu, not 1"),
    ("stages.log.optimiser=adam", "stages.log.optimiser must be one of sgd, adamw, not 'adam'"),
    ("stages.log.epochs=0", "stages.log.epochs must be positive, not 0"),
    ("stages.log.learning_rate=0", "stages.log.learning_rate must be positive, not 0.0"),
    ("stages.log.final_rate=1", "stages.log.final_rate must be 0 to 0.001, not 1.0"),
    ("stages.log.warmup=41", "stages.log.warmup must be 0 to 40, not 41.0"),
    ("stages.log.weight_decay=-1", "stages.log.weight_decay must not be negative, not -1.0"),
    ("stages.log.density=0", "stages.log.density must be above 0 and at most 1, not 0.0"),
    ("stages.log.window=8",
     "stages.log: only the form time may have a window and steps of its own, not 'log'"),
    ("stages.time.window=8",
     "the last stage of the form time must have the window and steps of numbers, not ['time']"),
    ("stages.time.window=251", "recipe: window must be 1 to 250, not 251"),
    ("stages.relu.form=log", "stages must be in the order relu, clip, time, log, "
                             "not ['log', 'clip', 'time', 'log']"),
    ("stages.time.form=log", "the last stage must have the form time, or log, which comes once, "
                             "not ['relu', 'clip', 'log', 'log']"),
    ("stages.log.form=clip", "stages must be in the order relu, clip, time, log, "
                             "not ['relu', 'clip', 'time', 'clip']"),
    ("numbers.window=0", "numbers: window must be 1 to 250, not 0")])
def test_each_rule_refuses_in_one_line(override, message):
    with pytest.raises(RecipeError, match=f"^{re.escape(message)}$"):
        load_recipe("digits", [override])


@pytest.mark.parametrize(("override", "message"), [
    ("stages.five.steps=0", "stages.five.steps must be 1 to 32, not 0"),
    ("stages.five.steps=33", "stages.five.steps must be 1 to 32, not 33"),
    ("stages.log.steps=-1", "stages.log.steps must be 0 to 32, not -1"),
    ("stages.log.steps=2", "steps of stages must not grow, not [5, 3, 1, 2]"),
    ("stages.one.steps=4", "steps of stages must not grow, not [5, 3, 4, 4]"),
    ("stages.five.window=8",
     "stages.five: only the form time may have a window and steps of its own, not 'lif'"),
    ("stages.relu.form=time",
     "stages must be in the order relu, clip, lif, lif-log, "
     "not ['time', 'lif', 'lif', 'lif', 'lif-log']"),
    ("stages.log.form=log",
     "stages must be in the order relu, clip, lif, lif-log, "
     "not ['relu', 'lif', 'lif', 'lif', 'log']"),
    ("stages.one.form=lif-log",
     "the last stage must have the form lif, or lif-log, which comes once, "
     "not ['relu', 'lif', 'lif', 'lif-log', 'lif-log']"),
    ("lif.percentile=0", "lif.percentile must be above 0 and at most 100, not 0.0"),
    ("lif.factor=0", "lif.factor must be positive, not 0.0"),
    ("lif.images=0", "lif.images must be positive, not 0"),
    ("lif.leak=1.1", "lif.leak must be 0 to 1, not 1.1"),
    ("lif.norms=gone", "lif.norms must be one of kept, folded, not 'gone'"),
    ("lif.rate=-1", "lif.rate must not be negative, not -1.0")])
def test_each_rule_of_leaky_networks_refuses_in_one_line(override, message):
    with pytest.raises(RecipeError, match=f"^{re.escape(message)}$"):
        load_recipe("digits-lif", [override])


def test_log_weights_follow_leaky_neurons():
    with pytest.raises(RecipeError, match=r"^a stage of the form lif must come before lif-log"):
        replace(LEAKY, stages=(LEAKY.stages[0], LEAKY.stages[-1]))


def test_steps_of_a_stage():
    """Log weights have those of the stage before, unless they have their own."""
    assert [LEAKY.steps(stage) for stage in LEAKY.stages] == [0, 5, 3, 1, 1]
    three = replace(LEAKY, stages=(*LEAKY.stages[:3], replace(LEAKY.stages[4], steps=2)))
    assert [three.steps(stage) for stage in three.stages] == [0, 5, 3, 2]
    assert {DIGITS.steps(stage) for stage in DIGITS.stages} == {0}


@pytest.mark.parametrize(("form", "steps", "names"), [
    ("relu", 0, "five three one log"), ("clip", 0, "five three one log"),
    ("lif", 5, "three one log"), ("lif", 4, "three one log"), ("lif", 1, "log"),
    ("lif-log", 1, "")])
def test_leaky_stages_after_a_form(form, steps, names):
    assert [stage.name for stage in LEAKY.stages_after(form, steps)] == names.split()


def test_recipes_without_leaky_neurons_need_not_speak_of_them():
    entries = DIGITS.as_dict()
    del entries["lif"]
    for stage in entries["stages"].values():
        del stage["steps"]
    assert recipe_from(entries) == DIGITS


def test_windows_may_shrink_to_one_step():
    """T = 24 → 8 → 2 → 1 for time-coded networks."""
    time = DIGITS.stages[2]
    windows = [replace(time, name=f"w{window}", window=window) for window in (24, 8, 2, 1)]
    recipe = replace(DIGITS, numbers=replace(DIGITS.numbers, window=1),
                     stages=(*DIGITS.stages[:2], *windows, DIGITS.stages[3]))
    assert [stage.numbers(recipe.numbers).window for stage in recipe.stages[2:]] == [24, 8, 2, 1, 1]


@pytest.mark.parametrize("name", ["", "a b", "../a", "a.b", "-a", "checkpoint", "network"])
def test_stages_are_names_of_files(name):
    with pytest.raises(RecipeError, match=r"^stages must have names of letters, digits, - and "
                                          r"_, which are not checkpoint or network, not "):
        replace(DIGITS.stages[0], name=name)


def test_stages_have_names_of_their_own():
    with pytest.raises(RecipeError, match=r"^stages must have names of their own, not \['relu', "):
        replace(DIGITS, stages=(DIGITS.stages[0], *DIGITS.stages))


def test_a_recipe_has_stages_and_ends_with_spikes():
    with pytest.raises(RecipeError, match=r"^stages must be in the order"):
        replace(DIGITS, stages=())
    with pytest.raises(RecipeError, match=r"^the last stage must have the form time"):
        replace(DIGITS, stages=DIGITS.stages[:2])
    assert replace(DIGITS, stages=DIGITS.stages[:3]).stages[-1].form == "time"


def test_earlier_windows_are_free_and_the_last_is_that_of_the_numbers():
    time = DIGITS.stages[2]
    wide = replace(time, name="wide", window=40, steps_per_octave=8)
    recipe = replace(DIGITS, stages=(*DIGITS.stages[:2], wide, time, DIGITS.stages[3]))
    assert [stage.numbers(recipe.numbers).window for stage in recipe.stages] == [24, 24, 40, 24, 24]
    with pytest.raises(RecipeError, match=r"^the last stage of the form time must have"):
        replace(DIGITS, stages=(*DIGITS.stages[:2], time, wide, DIGITS.stages[3]))


def test_epochs_add_up():
    assert DIGITS.epochs == 30 + 20 + 50 + 40
    assert [DIGITS.epochs_before(stage.name) for stage in DIGITS.stages] == [0, 30, 50, 100]
    assert [DIGITS.stage_index(stage.name) for stage in DIGITS.stages] == [0, 1, 2, 3]


@pytest.mark.parametrize(("form", "names"), [
    (None, FORMS), ("relu", FORMS[1:]), ("time", FORMS[3:]), ("log", ())])
def test_stages_after_a_form(form, names):
    assert tuple(stage.name for stage in DIGITS.stages_after(form)) == tuple(names)


def test_every_augmentation_is_off_by_default():
    assert Augmentation() == Augmentation(shift=0.0, rotation=0.0, size=0.0, crop=0, flip="none",
                                          cutout=0, colour=0.0)


def test_stages_are_plain_by_default():
    found = Stage(name="a", form="relu", epochs=1, optimiser="sgd", learning_rate=1.0)
    assert (found.final_rate, found.warmup, found.weight_decay, found.density) == (0, 0, 0, 1)
    assert found.numbers(DIGITS.numbers) == DIGITS.numbers


def test_recipes_and_checkpoints_of_before_have_no_penalty():
    entries = DIGITS.as_dict()
    assert entries.pop("activity") == {"weight": 0.0, "reach": 16.0}
    assert recipe_from(entries) == DIGITS


def test_plain_data_makes_an_equal_recipe():
    assert recipe_from(DIGITS.as_dict()) == DIGITS
