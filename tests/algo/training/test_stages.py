"""Stages: windows that shrink, checkpoints to begin with, and what is refused."""

import json
import re
import shutil

import numpy as np
import pytest
import torch

from algo.coding import input_table, pixel_values
from algo.data import Split, load_split
from algo.golden import infer
from algo.models import SPIKING
from algo.neurons import TimeCoded
from algo.training import stages
from algo.training.averaging import Average
from algo.training.checkpoint import load_checkpoint, model_of
from algo.training.checkpoint_export import export_checkpoint
from algo.training.recipe_file import recipe_from
from algo.training.rules import RecipeError
from algo.training.train import train

from .short import contents, short_recipe

IMAGES, LABELS, _ = load_split("digits:test")


@pytest.fixture(scope="module")
def shrunk(tmp_path_factory):
    """A training with two stages of the firing rule; the first has more and finer steps."""
    entries = short_recipe("numbers.window=8", "numbers.steps_per_octave=2").as_dict()
    time = entries["stages"].pop("time")
    first = {**time, "form": "time", "window": 32, "steps_per_octave": 8, "epochs": 2}
    log = entries["stages"].pop("log")
    entries["stages"] |= {"wide": first, "time": {**time, "epochs": 1}, "log": {**log, "epochs": 1}}
    recipe, folder = recipe_from(entries), tmp_path_factory.mktemp("shrunk")
    return recipe, folder, train(recipe, folder)


def test_each_stage_has_its_own_window(shrunk):
    recipe, folder, _ = shrunk
    for name, window, steps in [("wide", 32, 8), ("time", 8, 2), ("log", 8, 2)]:
        checkpoint = load_checkpoint(folder / f"{name}.safetensors")
        assert (checkpoint.numbers.window, checkpoint.numbers.steps_per_octave) == (window, steps)
        found = {module.numbers for module in model_of(checkpoint).modules()
                 if isinstance(module, TimeCoded)}
        assert found == {checkpoint.numbers}
    assert [line["stage"] for line in contents(folder)["log.jsonl"][:-1]] == [
        stage.name for stage in recipe.stages for _ in range(stage.epochs)]


def test_each_stage_exports_to_its_own_numbers(shrunk):
    recipe, folder, result = shrunk
    assert result.network.numbers == recipe.numbers
    for name in ("wide", "time", "log"):
        network = export_checkpoint(folder / f"{name}.safetensors")
        assert network.numbers == recipe.stages[recipe.stage_index(name)].numbers(recipe.numbers)
        assert network.exponents.max(initial=0, where=network.exponents < 128) < \
            network.numbers.window
        assert (infer(network, IMAGES).predictions == LABELS).mean() > 0.5, name


def test_last_stage_of_a_form_is_tested(shrunk):
    recipe, folder, result = shrunk
    assert set(result.accuracy) == {"float", "clipped", "time_coded", "log_weights"}
    tested = {stage.name: load_checkpoint(folder / f"{stage.name}.safetensors").accuracy.get("test")
              for stage in recipe.stages}
    assert tested == {"relu": result.accuracy["float"], "clip": result.accuracy["clipped"],
                      "wide": None, "time": result.accuracy["time_coded"],
                      "log": result.accuracy["log_weights"]}


def test_average_is_evaluated_and_handed_on(tmp_path, monkeypatch):
    """The checkpoint of a stage is the average, which differs from what was being trained."""
    averages = []

    class Kept(Average):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            averages.append(self)

    monkeypatch.setattr(stages, "Average", Kept)
    recipe = short_recipe("averaging=0.9", "stages.relu.epochs=1", "stages.time.epochs=1",
                          "stages.log.epochs=1")
    train(recipe, tmp_path)
    latest = load_checkpoint(tmp_path / "checkpoint.safetensors")
    assert len(averages) == 4
    assert not torch.equal(latest.part("average")["conv2.weight"],
                           latest.part("model")["conv2.weight"])
    for stage, average in zip(recipe.stages, averages, strict=True):
        kept = load_checkpoint(tmp_path / f"{stage.name}.safetensors")
        wanted = average.model.state_dict()
        assert kept.part("model").keys() == wanted.keys()
        for key, tensor in kept.part("model").items():
            assert torch.equal(tensor, wanted[key]), (stage.name, key)
        validation = load_split("digits:validation")
        model, worth = model_of(kept), worth_of(recipe, stage)
        predictions = stages.predictions_of(model, worth, validation.images)
        assert kept.accuracy["validation"] == (predictions == validation.labels).mean()


def worth_of(recipe, stage):
    numbers = stage.numbers(recipe.numbers)
    return pixel_values(input_table(recipe.coding, numbers), numbers)


def test_stages_up_to_the_form_of_a_checkpoint_are_left_out(shrunk, tmp_path):
    """And a checkpoint of such a stage, of another training in the same folder, stays as it is."""
    recipe, folder, _ = shrunk
    other = tmp_path / "relu.safetensors"
    other.write_bytes((folder / "relu.safetensors").read_bytes())
    before = other.read_bytes()
    result = train(recipe, tmp_path, initial=folder / "time.safetensors")
    assert set(result.accuracy) == {"log_weights"} and other.read_bytes() == before
    assert [line.get("stage") for line in contents(tmp_path)["log.jsonl"]] == ["log", None]
    network = export_checkpoint(tmp_path / "log.safetensors")
    assert len(network.provenance["initial_sha256"]) == 64


def test_nothing_left_to_train_is_refused(shrunk, tmp_path):
    recipe, folder, _ = shrunk
    with pytest.raises(RecipeError, match="must be of an earlier form than the recipe's last "
                                          "stage, not log: nothing is left to train"):
        train(recipe, tmp_path / "new", initial=folder / "log.safetensors")
    assert not (tmp_path / "new").exists()


def test_checkpoint_of_another_model_is_refused(shrunk, tmp_path):
    recipe = short_recipe("model.channels=[6, 8, 13]")
    with pytest.raises(RecipeError, match=r"relu.safetensors must have the model of the recipe"):
        train(recipe, tmp_path, initial=shrunk[1] / "relu.safetensors")


@pytest.mark.parametrize(("split", "message"), [
    (Split(np.zeros((200, 1, 16, 16), np.uint8), np.zeros(200, int), tuple("0123456789")),
     "the images of the checkpoint to begin with must be those of the data set, [1, 16, 16], not "
     "[1, 8, 8]"),
    (Split(np.zeros((200, 1, 8, 8), np.uint8), np.zeros(200, int), tuple("012")),
     "the number of classes of the checkpoint to begin with must be those of the data set, 3, not "
     "10")])
def test_checkpoint_for_other_images_is_refused(shrunk, tmp_path, monkeypatch, split, message):
    monkeypatch.setattr("algo.training.job.load_split", lambda *_, **__: split)
    with pytest.raises(RecipeError, match=re.escape(message)):
        train(shrunk[0], tmp_path, initial=shrunk[1] / "relu.safetensors")


def test_batch_larger_than_the_data_set_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="batch_size must be at most the 1077 training images "
                                          "of an epoch of digits, not 2000"):
        train(short_recipe("batch_size=2000"), tmp_path)


def test_diverging_training_ends_in_one_line(tmp_path):
    recipe = short_recipe("stages.relu.optimiser=sgd", "stages.relu.learning_rate=1e30")
    with pytest.raises(ValueError, match=r"^stages.relu: the loss of epoch [12] is (nan|inf); "
                                         r"choose a learning_rate below 1e\+30$"):
        train(recipe, tmp_path)
    assert all(np.isfinite(json.loads(line)["loss"])
               for line in (tmp_path / "log.jsonl").read_text().splitlines())


def test_two_trainings_in_one_folder_are_refused(tmp_path):
    def progress(done, *_):
        if done == 2:
            with pytest.raises(ValueError, match="another training writes there; end it first"):
                train(short_recipe(), tmp_path)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train(short_recipe(), tmp_path, progress=progress)


def test_every_form_that_spikes_may_be_the_last(tmp_path, shrunk):
    entries = short_recipe("stages.time.epochs=1", "distillation.weight=0").as_dict()
    del entries["stages"]["log"]
    shutil.copy(shrunk[1] / "clip.safetensors", tmp_path / "begin.safetensors")
    result = train(recipe_from(entries), tmp_path, initial=tmp_path / "begin.safetensors")
    assert set(result.accuracy) == {"time_coded"} and SPIKING[0] == "time"
    assert result.network.provenance["form"] == "time"
