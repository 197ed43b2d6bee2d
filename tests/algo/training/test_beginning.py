"""Trainings that begin with a network file, or are taught by one."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from algo.data import load_split
from algo.golden import infer
from algo.training.beginning import begin_path, load_beginning, restored, stages_behind
from algo.training.checkpoint import CheckpointError, load_checkpoint, model_of
from algo.training.evaluation import predictions_of
from algo.training.recipe_file import load_recipe
from algo.training.train import train
from algo.zoo import FOLDER
from hw.network import load_network, save_network

from .short import short_recipe

pytestmark = pytest.mark.xdist_group("beginning")
TRAINING, TEST = load_split("digits:train"), load_split("digits:test")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    return train(short_recipe("stages.time.epochs=4"), folder, test=False)


def test_a_network_file_comes_back_as_it_was(trained):
    checkpoint = load_beginning(trained.network_path, TRAINING)
    assert (checkpoint.form, checkpoint.density) == ("clip", trained.density)
    model = model_of(checkpoint)
    found = predictions_of(model, checkpoint.worth, TEST.images)
    golden = infer(trained.network, TEST.images).predictions
    assert (found == golden).mean() > 0.9 and (golden == TEST.labels).mean() > 0.5
    # Statistics are those of the images, so that training begins where the file ends.
    values = checkpoint.worth[torch.from_numpy(TRAINING.images[:500]).long()]
    with torch.no_grad():
        kept, learned = model(values), model.train()(values)
    assert (kept.argmax(1) == learned.argmax(1)).float().mean() > 0.9


def test_training_goes_on_from_a_network_file(trained, tmp_path):
    recipe = short_recipe("stages.time.density=1", "stages.log.density=1",
                          "distillation.weight=0.5", f"distillation.teacher={trained.network_path}")
    result = train(recipe, tmp_path, initial=trained.network_path, test=False)
    last = load_checkpoint(tmp_path / "log.safetensors")
    assert [path.stem for path in sorted(tmp_path.glob("*.safetensors"))] == [
        "checkpoint", "log", "network", "time"]
    assert len(last.initial) == 64 and result.density == pytest.approx(trained.density)
    accuracy = [(infer(network, TEST.images).predictions == TEST.labels).mean()
                for network in (trained.network, result.network)]
    assert accuracy[1] > accuracy[0] - 0.03


def test_a_leaky_network_keeps_its_neurons(tmp_path):
    recipe = load_recipe("digits-lif", [
        "stages.relu.epochs=3", "stages.five.epochs=1", "stages.three.epochs=1",
        "stages.one.epochs=2", "stages.log.epochs=2", "model.channels=[6, 8, 12]",
        "batch_size=96", "lif.images=200"])
    network = train(recipe, tmp_path, test=False).network
    checkpoint = restored(network, TRAINING)
    assert (checkpoint.form, checkpoint.steps) == ("lif", 1)
    found = predictions_of(model_of(checkpoint), checkpoint.worth, TEST.images)
    assert (found == infer(network, TEST.images).predictions).mean() > 0.9
    assert [stage.name for stage in stages_behind(recipe, checkpoint)] == ["one", "log"]
    last = load_checkpoint(tmp_path / "one.safetensors")
    assert [stage.name for stage in stages_behind(recipe, last)] == ["log"]


def test_shipped_networks_go_by_name():
    assert begin_path("zoo:fashion-mnist-cnn") == FOLDER / "fashion-mnist-cnn.safetensors.xz"
    assert begin_path(None) is None
    with pytest.raises(ValueError, match="zoo:nothing is not shipped; there is zoo:"):
        begin_path("zoo:nothing")


def test_what_cannot_be_restored_is_one_line(trained, tmp_path):
    path = tmp_path / "some.safetensors"
    save_network(replace(trained.network, provenance={}), path)
    line = (f"{path}: digits must say in its provenance which recipe trained it, to be trained on")
    with pytest.raises(CheckpointError, match=f"^{re.escape(line)}$"):
        load_beginning(path, TRAINING)
    cut = replace(TRAINING, images=TRAINING.images[:, :, 1:])
    with pytest.raises(CheckpointError, match=r"digits must know images \[1, 7, 8\] of 10 classes, "
                                              r"not \[1, 8, 8\] of 10$"):
        load_beginning(trained.network_path, cut)
    path.write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        load_beginning(path, TRAINING)
    packed = tmp_path / "some.safetensors.xz"
    packed.write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=r"some\.safetensors\.xz"):
        load_beginning(packed, TRAINING)


def test_the_zoo_is_what_it_was_trained_to_be():
    """The shipped network of Fashion-MNIST, on images that are not those of its data set."""
    network = load_network(begin_path("zoo:fashion-mnist-cnn"))
    rng = np.random.default_rng(0)
    fake = replace(
        TRAINING, images=rng.integers(0, 256, (300, *network.input_shape), np.uint8),
        labels=rng.integers(0, 10, 300), classes=network.classes)
    checkpoint = restored(network, fake)
    found = predictions_of(model_of(checkpoint), checkpoint.worth, fake.images)
    assert (found == infer(network, fake.images).predictions).mean() > 0.9
