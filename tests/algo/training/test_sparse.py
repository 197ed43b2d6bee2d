"""Compressed trainings: the budget after every epoch, resuming, teachers, what is exported."""

import re
from itertools import pairwise

import pytest
import torch

from algo.data import load_split
from algo.golden import infer
from algo.training import stages
from algo.training.checkpoint import load_checkpoint, model_of
from algo.training.recipe_file import load_recipe, recipe_from
from algo.training.rules import RecipeError
from algo.training.train import train

from .short import contents

pytestmark = pytest.mark.xdist_group("sparse")
OVERRIDES = [
    "stages.relu.epochs=2", "stages.time.epochs=2", "stages.log.epochs=1",
    "model.channels=[6, 8, 12]", "batch_size=96"]
BATCHES = 11                                        # in an epoch


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    """The checkpoint of a dense network that has learned a little."""
    entries = load_recipe("digits-10x", [*OVERRIDES, "stages.relu.epochs=8"]).as_dict()
    entries["compression"], entries["distillation"] = {}, {"weight": 0.0}
    entries["stages"] = {"relu": entries["stages"]["relu"],
                         "time": {**entries["stages"]["time"], "epochs": 1}}
    folder = tmp_path_factory.mktemp("dense")
    train(recipe_from(entries), folder, test=False)
    return folder / "relu.safetensors"


def sparse_recipe(teacher, *overrides, **compression):
    entries = load_recipe("digits-10x", [*OVERRIDES, f"distillation.teacher={teacher}",
                                         *overrides]).as_dict()
    del entries["stages"]["clip"]
    if compression:
        entries["compression"] = {"density": 0.5, **compression}
    return recipe_from(entries)


STRUCTURES = {"irregular": {"method": "attention", "attention": 1.0},
              "balanced": {"method": "momentum", "structure": "balanced", "lanes": 4},
              "channel": {"method": "momentum", "structure": "channel", "density": 0.3}}


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_budget_holds_after_every_epoch(teacher, tmp_path, monkeypatch, structure):
    seen, save = [], stages.save_checkpoint

    def kept(path, checkpoint):
        seen.append(checkpoint)
        save(path, checkpoint)

    monkeypatch.setattr(stages, "save_checkpoint", kept)
    recipe = sparse_recipe(teacher, **STRUCTURES[structure])
    result = train(recipe, tmp_path)
    assert len(seen) == recipe.epochs + len(recipe.stages)
    for checkpoint in seen:
        masks = checkpoint.part("mask")
        count = sum(int(mask.sum()) for mask in masks.values())
        total = sum(mask.numel() for mask in masks.values())
        budget = round(recipe.compression.density * total)
        assert count == budget if structure != "channel" else budget - 70 < count <= budget
        for name, mask in masks.items():
            weight = checkpoint.tensors[f"model.{name}.weight"]
            gone = (mask if structure != "channel" else mask.amax(0).expand_as(mask)) == 0
            assert weight[gone].eq(0).all() and weight[~gone].ne(0).any()
    by_epoch = [checkpoint.part("mask") for checkpoint in seen if checkpoint.part("optimiser")]
    moved = [any(not torch.equal(one[name], other[name]) for name in one)
             for one, other in pairwise(by_epoch)]
    assert all(moved[:2]) and not any(moved[2:])    # at the end none moves
    assert result.density == pytest.approx(recipe.compression.density, abs=0.06)
    images = load_split("digits:test").images
    predictions = infer(result.network, images).predictions
    assert (predictions != result.predictions).mean() <= 0.03
    if structure == "channel":
        weights = sum(layer.synapses[0].weight.size for layer in result.network.layers)
        assert weights == sum(int(mask.sum()) for mask in by_epoch[-1].values())


@pytest.mark.parametrize(("structure", "changes"), [
    ("irregular", ["averaging=0.5", "precision=bf16", "stages.relu.epochs=4"]),
    ("channel", [f"stages.{stage}.optimiser=sgd" for stage in ("relu", "time")])])
def test_resumed_training_gives_the_same_bytes(teacher, tmp_path, structure, changes):
    recipe = sparse_recipe(teacher, *changes, **STRUCTURES[structure])
    train(recipe, tmp_path / "whole", test=False)

    for stop in (BATCHES + 3, 3 * BATCHES + 1):
        def progress(done, total, text, stop=stop):
            if done == stop:
                raise InterruptedError

        with pytest.raises(InterruptedError):
            train(recipe, tmp_path / "part", resume=True, progress=progress, test=False)
    train(recipe, tmp_path / "part", resume=True, test=False)
    assert contents(tmp_path / "part") == contents(tmp_path / "whole")


def test_a_teacher_at_a_path_guides_all_stages(teacher, tmp_path):
    """And its attention maps weigh in: every loss is another one."""
    losses = []
    for number, settings in enumerate([{"weight": 0.0}, {"weight": 0.5}, {"attention": 1.0}]):
        compression = {"method": "momentum"}
        if "attention" in settings:
            compression = {"method": "attention", **settings}
        recipe = sparse_recipe(teacher, f"distillation.weight={settings.get('weight', 0.0)}",
                               "stages.relu.epochs=1", "stages.time.epochs=1", **compression)
        train(recipe, tmp_path / str(number), test=False)
        losses.append([line["loss"] for line in contents(tmp_path / str(number))["log.jsonl"]])
    for one, other in ((0, 1), (0, 2)):
        assert all(a != b for a, b in zip(losses[one], losses[other], strict=True))
    assert losses[2][0] > losses[0][0]              # the same network, but for what is added


def test_a_checkpoint_begins_with_its_largest_weights(teacher, tmp_path):
    recipe = sparse_recipe(teacher, method="magnitude")
    train(recipe, tmp_path, initial=teacher, test=False)
    dense, found = load_checkpoint(teacher), load_checkpoint(tmp_path / "log.safetensors")
    masks = found.part("mask")
    magnitudes = {name: dense.tensors[f"model.{name}.weight"].abs() for name in masks}
    kept = torch.cat([magnitudes[name][mask == 1] for name, mask in masks.items()])
    gone = torch.cat([magnitudes[name][mask == 0] for name, mask in masks.items()])
    assert kept.min() >= gone.max() and found.density == pytest.approx(0.5, abs=1e-3)
    again = sparse_recipe(teacher, method="random")
    train(again, tmp_path / "again", initial=tmp_path / "time.safetensors", test=False)
    last = load_checkpoint(tmp_path / "again/log.safetensors").part("mask")
    assert all(torch.equal(mask, last[name]) for name, mask in masks.items())


@pytest.mark.parametrize(("compression", "message"), [
    ({"method": "momentum", "dense": ["conv9"]},
     "compression: dense must name layers of the network (conv1, conv2, conv3, scores; first, "
     "last), not 'conv9'"),
    ({"method": "momentum", "density": 0.001},
     "compression: density must leave each of 4 layers a weight, not 2 in all"),
    ({"method": "momentum", "density": 0.01, "structure": "channel"},
     "compression: density must leave at least the 67 weights of one channel in each layer, "
     "not 18")])
def test_what_does_not_fit_the_network_is_refused(teacher, tmp_path, compression, message):
    with pytest.raises(RecipeError, match=f"^{re.escape(message)}$"):
        train(sparse_recipe(teacher, **compression), tmp_path)


def test_a_teacher_of_other_blocks_is_refused(teacher, tmp_path):
    recipe = sparse_recipe(teacher, "model.pools=[2, 2, 2]")
    with pytest.raises(RecipeError, match=r"^distillation.teacher must have the 3 blocks of the "
                                          r"network, not 2$"):
        train(recipe, tmp_path)


@pytest.mark.slow
def test_digits_learn_with_a_tenth_of_the_weights(teacher, tmp_path):
    changes = ["model.channels=[16, 24, 32]", "stages.relu.epochs=14", "stages.time.epochs=16",
               "stages.log.epochs=6", "batch_size=64"]
    result = train(sparse_recipe(teacher, *changes), tmp_path)
    assert result.density == pytest.approx(0.1, abs=1e-3)
    assert result.network.provenance["sparsity"] >= 0.899
    assert result.accuracy["time_coded"] > 0.9 and result.accuracy["log_weights"] > 0.9
    assert model_of(load_checkpoint(tmp_path / "log.safetensors"))
