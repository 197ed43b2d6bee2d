"""Checkpoints: what is written is what is read, in the same bytes, and nothing else is taken."""

import json
import re
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from algo.models import in_form
from algo.training.checkpoint import (
    KEY,
    Checkpoint,
    CheckpointError,
    load_checkpoint,
    model_of,
    new_model,
    save_checkpoint,
)
from algo.training.recipe_file import load_recipe

SHAPE, CLASSES = (1, 8, 8), ("a", "b", "c")


@pytest.fixture
def checkpoint():
    recipe = load_recipe("digits", ["model.channels=[2, 3, 4]"])
    torch.manual_seed(1)
    model = in_form(new_model(recipe, SHAPE, 3), "time", recipe.numbers, SHAPE)
    tensors = {f"model.{key}": tensor for key, tensor in model.state_dict().items()}
    tensors |= {"mask.conv1": torch.ones(2, 1, 3, 3), "optimiser.a:step": torch.tensor(3.0),
                "average.x": torch.rand(3, 4).bfloat16()}
    return Checkpoint(recipe=recipe, stage="time", epoch=3, initial="", input_shape=SHAPE,
                      classes=CLASSES, accuracy={"validation": 0.1}, tensors=tensors)


def edited(path, change):
    """Write a checkpoint anew with other metadata, without a checksum."""
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in list(file.keys())}
        found = json.loads(file.metadata()[KEY])
    del found["sha256"]
    change(found)
    save_file(tensors, path, metadata={KEY: json.dumps(found)})
    return path


def test_what_is_written_is_read(checkpoint, tmp_path):
    save_checkpoint(tmp_path / "a", checkpoint)
    found = load_checkpoint(tmp_path / "a")
    assert replace(found, tensors={}).__dict__ == replace(checkpoint, tensors={}).__dict__
    assert found.tensors.keys() == checkpoint.tensors.keys()
    assert all(torch.equal(found.tensors[key], tensor) and found.tensors[key].dtype == tensor.dtype
               for key, tensor in checkpoint.tensors.items())
    assert found.form == "time" and found.numbers == checkpoint.recipe.numbers
    assert found.part("mask").keys() == {"conv1"} and found.part("optimiser").keys() == {"a:step"}


def test_same_checkpoint_same_bytes(checkpoint, tmp_path):
    """Whatever the order of its tensors and their memory."""
    other = dict(reversed(checkpoint.tensors.items()))
    other["model.conv2.weight"] = other["model.conv2.weight"].to(memory_format=torch.channels_last)
    for name, tensors in [("a", checkpoint.tensors), ("b", other)]:
        save_checkpoint(tmp_path / name, replace(checkpoint, tensors=tensors))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_checksum_may_be_missing(checkpoint, tmp_path):
    """As in checkpoints of before there was one."""
    save_checkpoint(tmp_path / "a", checkpoint)
    assert load_checkpoint(edited(tmp_path / "a", lambda found: None)).epoch == 3


def test_every_flipped_bit_is_found(checkpoint, tmp_path):
    path = tmp_path / "a"
    save_checkpoint(path, checkpoint)
    whole = path.read_bytes()
    generator = torch.Generator().manual_seed(0)
    for place in [0, 9, len(whole) - 1, *torch.randint(len(whole), (60,),
                                                       generator=generator).tolist()]:
        content = bytearray(whole)
        content[place] ^= 1 << place % 8
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=rf"^{re.escape(str(path))}[^\n]*$"):
            load_checkpoint(path)


@pytest.mark.parametrize(("change", "message"), [
    (lambda found: found.update(version=1), "version of the checkpoint must be 2, not 1"),
    (lambda found: found.update(version="2"), "version of the checkpoint must be 2, not '2'"),
    (lambda found: found.pop("version"), "is not a checkpoint"),
    (lambda found: found.pop("epoch"), "is not a checkpoint"),
    (lambda found: found.update(more=1), "is not a checkpoint"),
    (lambda found: found.update(recipe=[]), "is not a checkpoint"),
    (lambda found: found["recipe"].update(seed=-1), "seed must be 0"),
    (lambda found: found.update(stage="x"), "stage must be one of relu, clip, time, log, not 'x'"),
    (lambda found: found.update(input_shape=["x"]), "is not a checkpoint"),
    (lambda found: found.update(epoch="3"), "epoch must be 0 to 50, not '3'"),
    (lambda found: found.update(epoch=51), "epoch must be 0 to 50, not 51")])
def test_other_metadata_is_refused(checkpoint, tmp_path, change, message):
    save_checkpoint(tmp_path / "a", checkpoint)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(edited(tmp_path / "a", change))
    assert str(tmp_path / "a") in str(caught.value) and "\n" not in str(caught.value)


def test_model_is_that_of_the_form(checkpoint):
    model = model_of(checkpoint)
    assert not model.training
    for key, tensor in model.state_dict().items():
        assert torch.equal(tensor, checkpoint.tensors[f"model.{key}"])


def test_model_that_does_not_fit_is_refused(checkpoint):
    other = replace(checkpoint, classes=CLASSES[:2])
    with pytest.raises(CheckpointError, match=r"^the checkpoint does not fit its recipe \([^\n]+$"):
        model_of(other)


def test_folder_is_no_checkpoint(tmp_path):
    with pytest.raises((CheckpointError, OSError)):
        load_checkpoint(tmp_path)
