"""Which network is the teacher of a stage, and what is refused."""

import re
from dataclasses import replace

import pytest

from algo.training.checkpoint import load_checkpoint, model_of, save_checkpoint
from algo.training.rules import RecipeError
from algo.training.train import train

from .short import contents, short_recipe

pytestmark = pytest.mark.xdist_group("taught")


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    train(short_recipe("stages.log.epochs=1"), folder)
    return folder


def test_teacher_may_be_a_path(taught, tmp_path):
    """That of the stage itself gives what the stage gives, where the stage teaches."""
    recipe = short_recipe("stages.log.epochs=1", f"distillation.teacher={taught}/relu.safetensors")
    train(recipe, tmp_path, initial=taught / "clip.safetensors")
    own, other = contents(taught)["log.jsonl"], contents(tmp_path)["log.jsonl"]
    assert own[3:-1] == other[:-1]


def test_teacher_teaches(taught, tmp_path):
    train(short_recipe("stages.log.epochs=1", "distillation.weight=0"), tmp_path)
    alone, with_teacher = contents(tmp_path)["log.jsonl"], contents(taught)["log.jsonl"]
    assert alone[:3] == with_teacher[:3]            # forms that do not spike have none
    assert alone[3]["loss"] != with_teacher[3]["loss"]


def test_teacher_may_be_what_training_begins_with(taught, tmp_path):
    train(short_recipe("stages.log.epochs=1"), tmp_path, initial=taught / "relu.safetensors")
    assert not (tmp_path / "relu.safetensors").exists()
    first = load_checkpoint(tmp_path / "clip.safetensors")
    assert first.initial and model_of(first)
    assert [line["stage"] for line in contents(tmp_path)["log.jsonl"][:-1]] == [
        "clip", "time", "time", "log"]


def test_missing_teacher_is_refused(tmp_path):
    recipe = short_recipe("distillation.teacher=none.safetensors")
    with pytest.raises(RecipeError, match=re.escape(
            "distillation.teacher must be a stage that this training has done, the checkpoint "
            "that it begins with, or another one; there is no none.safetensors")):
        train(recipe, tmp_path)
    assert not (tmp_path / "log.jsonl").exists()    # before anything was trained


def test_teacher_of_other_images_is_refused(taught, tmp_path):
    known, other = load_checkpoint(taught / "relu.safetensors"), tmp_path / "other.safetensors"
    save_checkpoint(other, replace(known, classes=known.classes[:7]))
    with pytest.raises(RecipeError, match=re.escape(
            "distillation.teacher must know images [1, 8, 8] of 10 classes, not [1, 8, 8] of 7")):
        train(short_recipe(f"distillation.teacher={other}"), tmp_path,
              initial=taught / "clip.safetensors")
