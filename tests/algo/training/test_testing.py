"""The test part is read once, when all training is done."""

import json

import pytest

from algo.data import load_split
from algo.training import job as job_module
from algo.training import stages
from algo.training.checkpoint import load_checkpoint, model_of
from algo.training.evaluation import predictions_of
from algo.training.train import train

from .short import EPOCHS, short_recipe
from .test_stages import worth_of


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A training, and in which order it read splits and finished epochs."""
    events, folder = [], tmp_path_factory.mktemp("watched")
    train_epoch = stages.train_epoch

    def split(name, **options):
        events.append(name)
        return load_split(name, **options)

    def epoch(*arguments):
        events.append("epoch")
        return train_epoch(*arguments)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(job_module, "load_split", split)
        patched.setattr(stages, "train_epoch", epoch)
        return events, folder, train(short_recipe(), folder)


def test_the_test_part_is_read_once_at_the_end(watched):
    events, _, _ = watched
    assert events.count("epoch") == EPOCHS
    assert events.count("digits:test") == 1 and events[-1] == "digits:test"
    assert set(events) == {"epoch", "digits:train", "digits:validation", "digits:test"}


def test_the_log_says_so(watched):
    _, folder, result = watched
    last = json.loads((folder / "log.jsonl").read_text().splitlines()[-1])
    assert last == {"test": result.accuracy, "images": 360,
                    "read": "once, when all training was done"}


def test_accuracies_are_those_of_the_stages(watched):
    _, folder, result = watched
    test, recipe = load_split("digits:test"), short_recipe()
    for stage, name in zip(recipe.stages, ["float", "clipped", "time_coded", "log_weights"],
                           strict=True):
        checkpoint = load_checkpoint(folder / f"{stage.name}.safetensors")
        predictions = predictions_of(model_of(checkpoint), worth_of(recipe, stage), test.images)
        accuracy = (predictions == test.labels).mean()
        assert result.accuracy[name] == accuracy == checkpoint.accuracy["test"]
        assert checkpoint.accuracy["images"] == 360
    assert (predictions == result.predictions).all()
    assert result.density == pytest.approx(0.3, abs=0.01)
