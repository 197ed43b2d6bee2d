"""Recipes of leaky neurons end to end: steps that become fewer, resuming, collapse, the export."""

import json
import re

import pytest
import torch

from algo.coding import pixel_values
from algo.conversion.leaky import layers_of_neurons
from algo.data import load_split
from algo.golden import infer
from algo.neurons.leaky import neurons_of
from algo.training.checkpoint import load_checkpoint, model_of
from algo.training.checkpoint_export import export_checkpoint
from algo.training.evaluation import predictions_of
from algo.training.recipe_file import load_recipe, recipe_from
from algo.training.rules import RecipeError
from algo.training.train import train

from .short import contents

OVERRIDES = [
    "stages.relu.epochs=3", "stages.five.epochs=2", "stages.three.epochs=1", "stages.one.epochs=2",
    "stages.log.epochs=2", "model.channels=[6, 8, 12]", "batch_size=96", "lif.images=200"]
BATCHES, EPOCHS = 11, 10
TEST = load_split("digits:test")


def short_recipe(*overrides):
    return load_recipe("digits-lif", [*OVERRIDES, *overrides])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("leaky")
    return folder, train(short_recipe(), folder)


def test_every_stage_is_trained_and_tested(trained):
    folder, result = trained
    assert set(result.accuracy) == {"float", "leaky", "leaky_log_weights"}
    assert min(result.accuracy.values()) > 0.5
    assert (result.network.neuron, result.network.steps) == ("lif", 1)
    for name, steps in [("five", 5), ("three", 3), ("one", 1), ("log", 1)]:
        checkpoint = load_checkpoint(folder / f"{name}.safetensors")
        assert checkpoint.steps == steps
        assert {neurons.steps for neurons in neurons_of(model_of(checkpoint)).values()} == {steps}


def test_the_log_tells_steps_and_spikes(trained):
    folder, _ = trained
    entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()][:-1]
    assert len(entries) == EPOCHS
    for entry in entries:
        if entry["stage"] == "relu":
            assert not {"steps", "spikes", "spikes_by_layer"} & entry.keys()
            continue
        assert list(entry["spikes_by_layer"]) == ["conv1", "conv2", "conv3"]
        assert 0 < entry["spikes"] <= entry["steps"]
        low, *_, high = sorted(entry["spikes_by_layer"].values())
        assert low <= entry["spikes"] <= high


def test_thresholds_and_leaks_are_inherited_and_learn(trained):
    folder, _ = trained
    begun = {name: load_checkpoint(folder / f"{name}.safetensors").part("model")
             for name in ("five", "three", "one", "log")}
    for layer in ("fire1", "fire2", "fire3"):
        thresholds = [float(part[f"{layer}.threshold"]) for part in begun.values()]
        assert len(set(thresholds)) == 4 and min(thresholds) > 0, layer
        leaks = [float(part[f"{layer}.leak"]) for part in begun.values()]
        assert max(leaks) <= 1 and leaks[1] == leaks[2] == leaks[3]     # one step leaks nothing
    assert any(float(part["fire2.leak"]) < 1 for part in begun.values())


@pytest.mark.parametrize(("name", "steps"), [("log", 1), ("two", 2), ("long", 5)])
def test_the_integers_are_the_training_network(trained, tmp_path, name, steps):
    """Every spike of every layer and step, and so every class of the test part."""
    folder, result = trained
    path = folder / "log.safetensors"
    if steps > 1:
        entries = short_recipe().as_dict()
        entries["stages"] = {"five": {**entries["stages"]["five"], "steps": steps, "epochs": 1},
                             "log": {**entries["stages"]["log"], "epochs": 1}}
        entries["distillation"]["weight"] = 0.0
        result = train(recipe_from(entries), tmp_path, initial=folder / "relu.safetensors")
        path = tmp_path / "log.safetensors"
    network, model = result.network, model_of(load_checkpoint(path))
    assert network.steps == steps
    seen, names = {}, layers_of_neurons(model)
    for module, layer in names.items():
        model.get_submodule(module).register_forward_hook(
            lambda _, __, sent, layer=layer: seen.update({layer: sent}))
    worth = pixel_values(network.exponents, network.numbers)
    predictions = predictions_of(model, worth, TEST.images, batch=len(TEST.images))
    found = infer(network, TEST.images, trace=True)
    for layer, sent in seen.items():
        times = torch.from_numpy(found.trace[f"{layer}.time"]).transpose(0, 1)
        assert torch.equal(sent.unflatten(0, (steps, -1)), (times == 0).float()), layer
        assert 0 < sent.mean() < 1
    assert (found.predictions == predictions).all() and (predictions == result.predictions).all()


def test_float_weights_export_too(trained):
    network = export_checkpoint(trained[0] / "five.safetensors")
    assert (network.neuron, network.steps, network.provenance["form"]) == ("lif", 5, "lif")
    assert (infer(network, TEST.images).predictions == TEST.labels).mean() > 0.3


def test_resumed_training_gives_the_same_bytes(trained, tmp_path):
    class Stopped(Exception):
        pass

    for stop in (4 * BATCHES - 1, 6 * BATCHES, 9 * BATCHES + 1):
        def progress(done, *_, stop=stop):
            if done == stop:
                raise Stopped

        with pytest.raises(Stopped):
            train(short_recipe(), tmp_path, resume=True, progress=progress)
    train(short_recipe(), tmp_path, resume=True)
    assert contents(tmp_path) == contents(trained[0])


def test_begins_with_a_checkpoint(trained, tmp_path):
    """Of the form relu, or of more steps than a stage has."""
    folder, _ = trained
    for name, stages in [("relu", ["five", "three", "one", "log"]), ("three", ["one", "log"])]:
        out = tmp_path / name
        recipe = short_recipe("distillation.weight=0", "stages.five.epochs=1",
                              "stages.one.epochs=1", "stages.log.epochs=1")
        train(recipe, out, initial=folder / f"{name}.safetensors")
        assert [line["stage"] for line in contents(out)["log.jsonl"][:-1]] == stages


def test_checkpoints_that_cannot_begin_are_refused(trained, tmp_path):
    folder, _ = trained
    with pytest.raises(RecipeError, match=r"log.safetensors must be of an earlier form than the "
                                          r"recipe's last stage, not lif-log"):
        train(short_recipe(), tmp_path, initial=folder / "log.safetensors")
    with pytest.raises(RecipeError, match=r"five.safetensors must have lif.norms as the recipe, "
                                          "folded, not kept"):
        train(short_recipe("lif.norms=folded"), tmp_path, initial=folder / "five.safetensors")
    time = load_recipe("digits", ["model.channels=[6, 8, 12]"])
    with pytest.raises(RecipeError, match=r"five.safetensors must be of one of the forms relu, "
                                          "clip, time, log of the recipe to begin with, not lif"):
        train(time, tmp_path, initial=folder / "five.safetensors")


def test_vanished_spikes_end_the_training(tmp_path):
    """And the last whole epoch is kept; with more careful thresholds another recipe goes on."""
    with pytest.raises(ValueError, match=re.escape(
            "stages.five: the spikes of layer conv1 have vanished after epoch 1 (0 per neuron, "
            "fewer than 0.0001); put a stage with more steps before it")):
        train(short_recipe("lif.factor=100", "stages.relu.epochs=1"), tmp_path)
    latest = load_checkpoint(tmp_path / "checkpoint.safetensors")
    assert (latest.stage, latest.epoch) == ("relu", 1)
    assert not (tmp_path / "network.safetensors").exists()


def test_norms_may_be_folded_at_once(trained, tmp_path):
    recipe = short_recipe("lif.norms=folded", "stages.five.epochs=1", "stages.one.epochs=1",
                          "stages.log.epochs=1")
    result = train(recipe, tmp_path, initial=trained[0] / "relu.safetensors")
    five = load_checkpoint(tmp_path / "five.safetensors").part("model")
    assert not any(key.startswith("norm") for key in five) and "conv2.bias" in five
    assert result.accuracy["leaky"] > 0.3
