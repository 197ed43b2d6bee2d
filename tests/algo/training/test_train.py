"""Training end to end, on short recipes: determinism, resuming, and agreement of the export."""

import json

import numpy as np
import pytest

from algo.coding import pixel_values
from algo.data import load_split
from algo.export import ExportError
from algo.golden import infer
from algo.models import FORMS
from algo.training.checkpoint import CheckpointError, load_checkpoint, model_of
from algo.training.checkpoint_export import export_checkpoint
from algo.training.evaluation import predictions_of
from algo.training.recipe_file import load_recipe, recipe_from
from algo.training.train import train
from hw.network import load_network

from .short import EPOCHS, contents, short_recipe

pytestmark = pytest.mark.xdist_group("trained")
BATCHES = 11                                        # in an epoch


@pytest.fixture(scope="module")
def recipe():
    return short_recipe()


@pytest.fixture(scope="module")
def trained(recipe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    return folder, train(recipe, folder)


def test_writes_network_log_and_checkpoints(trained, recipe):
    folder, result = trained
    assert sorted(contents(folder)) == sorted([
        "checkpoint.safetensors", "log.jsonl", "network.safetensors", "training.png",
        *(f"{form}.safetensors" for form in FORMS)])
    assert result.network_path == folder / "network.safetensors"
    *lines, test = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert all(line.keys() == {"stage", "form", "epoch", "loss", "validation", "density", "seconds"}
               for line in lines) and test["test"] == result.accuracy
    assert [(line["stage"], line["epoch"]) for line in lines] == [
        (stage.name, epoch + 1) for stage in recipe.stages for epoch in range(stage.epochs)]
    assert lines[-1]["density"] == pytest.approx(0.3, abs=0.01) == result.density
    assert lines[-1]["loss"] < lines[0]["loss"]


def test_learns(trained):
    _, result = trained
    assert set(result.accuracy) == {"float", "clipped", "time_coded", "log_weights"}
    assert result.accuracy["float"] > 0.3           # its statistics follow slowly
    assert min(result.accuracy[name] for name in ("clipped", "time_coded", "log_weights")) > 0.55


def test_network_agrees_with_the_training_network(trained):
    _, result = trained
    images, labels, _ = load_split("digits:test")
    assert result.accuracy["log_weights"] == (result.predictions == labels).mean()
    predictions = infer(load_network(result.network_path), images).predictions
    assert (predictions != result.predictions).mean() <= 0.02


def test_spike_times_are_those_of_the_training_network(trained):
    """But for rare potentials at a threshold, where products are truncated: one step, as a rule.

    Differences of a layer carry over to the next.
    """
    folder, result = trained
    images, numbers = load_split("digits:validation").images, result.network.numbers
    trace = infer(result.network, images, trace=True).trace
    model, seen = model_of(load_checkpoint(folder / "log.safetensors")), {}
    for name, layer in model.named_children():
        layer.register_forward_hook(lambda _, __, worth, name=name: seen.update({name: worth}))
    worth = pixel_values(result.network.exponents, numbers)
    predictions_of(model, worth, images, batch=len(images))
    for layer, fired in [("conv1", "fire1"), ("conv2", "fire2"), ("conv3", "fire3")]:
        worth = seen[fired].numpy()
        steps = -numbers.steps_per_octave * np.log2(np.maximum(worth, 2.0 ** -126))
        expected = np.where(worth > 0, steps.round(), numbers.window)
        distance = np.abs(trace[f"{layer}.time"] - expected)
        assert (distance == 0).mean() > 0.97, layer
        assert (distance <= 1).mean() > 0.995, layer


def test_provenance_tells_how_it_was_made(trained, recipe):
    provenance = trained[1].network.provenance
    assert provenance["recipe"] == "digits" and provenance["seed"] == 0
    assert recipe_from(provenance["settings"]) == recipe
    assert provenance["accuracy"]["test"] == trained[1].accuracy["log_weights"]
    assert provenance["accuracy"]["images"] == 360 and "validation" in provenance["accuracy"]
    assert provenance["sparsity"] >= 0.69
    assert set(provenance["versions"]) == {"python", "torch", "numpy"}


def test_same_recipe_gives_the_same_bytes(trained, recipe, tmp_path):
    train(recipe, tmp_path)
    assert contents(tmp_path) == contents(trained[0])


def test_resumed_training_gives_the_same_bytes(trained, recipe, tmp_path):
    stops = [1, 2 * BATCHES, 3 * BATCHES + 1, EPOCHS * BATCHES]

    class Stopped(Exception):
        pass

    for stop in stops:
        def progress(done, total, text, stop=stop):
            assert total == EPOCHS * BATCHES and "\n" not in text
            if done == stop:
                raise Stopped

        with pytest.raises(Stopped):
            train(recipe, tmp_path, resume=True, progress=progress)
    seen = []
    train(recipe, tmp_path, resume=True, progress=lambda done, *_: seen.append(done))
    begin = (stops[-1] - 1) // BATCHES * BATCHES    # the epoch that was stopped is done again
    assert seen == list(range(begin + 1, EPOCHS * BATCHES + 1))
    assert contents(tmp_path) == contents(trained[0])


def test_resuming_another_recipe_is_refused(trained):
    with pytest.raises(ValueError, match="must be of the same recipe to be resumed"):
        train(short_recipe("seed=1"), trained[0], resume=True)


@pytest.mark.parametrize("form", FORMS)
def test_checkpoints_export_once_they_spike(trained, form):
    path = trained[0] / f"{form}.safetensors"
    if form in ("relu", "clip"):
        with pytest.raises(ExportError, match=f"form {form} does not spike"):
            export_checkpoint(path)
    else:
        images, labels, _ = load_split("digits:test")
        assert (infer(export_checkpoint(path), images).predictions == labels).mean() > 0.5


@pytest.mark.parametrize("size", [0, 7, 100, 5000])
def test_truncated_checkpoint_is_refused(trained, tmp_path, size):
    path = tmp_path / "log.safetensors"
    path.write_bytes((trained[0] / "log.safetensors").read_bytes()[:size])
    with pytest.raises(CheckpointError, match=r"^[^\n]*log.safetensors is not a checkpoint[^\n]*$"):
        export_checkpoint(path)


def test_network_file_is_no_checkpoint(trained):
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        export_checkpoint(trained[1].network_path)


def test_missing_checkpoint_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        export_checkpoint(tmp_path / "none")


@pytest.mark.slow
def test_digits_recipe(tmp_path):
    result = train(load_recipe("digits"), tmp_path)
    images, labels, _ = load_split("digits:test")
    predictions = infer(result.network, images).predictions
    assert (predictions == labels).mean() >= 0.975
    assert (predictions != result.predictions).sum() <= 1
    assert result.network.provenance["sparsity"] >= 0.8


def test_export_with_other_roundings(trained):
    """More bits of products leave weights and spike times' thresholds as they are, but finer."""
    path = trained[0] / "log.safetensors"
    usual, finer = export_checkpoint(path), export_checkpoint(path, product_bits=18,
                                                              potential_bits=30)
    assert (finer.numbers.product_bits, finer.numbers.potential_bits) == (18, 30)
    for few, many in zip(usual.layers, finer.layers, strict=True):
        assert np.array_equal(few.synapses[0].weight, many.synapses[0].weight)
        assert np.abs(many.bias / 64 - few.bias).max() <= 0.5
        if few.threshold_step is not None:
            assert np.array_equal(few.threshold_step + 6 * 4, many.threshold_step)
