from dataclasses import replace

import numpy as np
import pytest
import torch

from algo.data import Split
from algo.training.batches import Batches
from algo.training.recipe_file import load_recipe

COUNT, BATCH = 50, 12
SPLIT = Split(np.arange(COUNT, dtype=np.uint8)[:, None, None, None].repeat(16, 2).repeat(9, 3) + 1,
              np.arange(COUNT), ("a",))
STILL = ["augmentation.shift=0", "augmentation.rotation=0", "augmentation.size=0"]


def batches(*overrides, **processes):
    recipe = load_recipe("digits", [f"batch_size={BATCH}", *overrides])
    return Batches(recipe, SPLIT, **processes)


def stage(images=0):
    return replace(load_recipe("digits").stages[0], images=images)


def epoch(found, number, images=0):
    images, labels = zip(*found.epoch(number, found.count(stage(images))), strict=True)
    return torch.stack(images), torch.stack(labels)


def test_an_epoch_is_every_image_once_but_for_the_last_small_batch():
    found = batches(*STILL)
    images, labels = epoch(found, 0)
    assert found.count(stage()) == len(images) == COUNT // BATCH
    assert images.shape == (4, BATCH, 1, 16, 9) and images.dtype == torch.uint8
    assert len(labels.unique()) == labels.numel() == 48
    assert torch.equal(images[:, :, 0, 5, 5], labels + 1)


def test_a_short_epoch_is_the_beginning_of_a_whole_one():
    found = batches(*STILL)
    whole, short = epoch(found, 4), epoch(found, 4, images=30)
    assert short[1].shape == (2, BATCH)
    assert all(torch.equal(one, other[:2]) for one, other in zip(short, whole, strict=True))
    assert not torch.equal(short[1], epoch(found, 5, images=30)[1])
    assert found.count(stage(10 * COUNT)) == found.count(stage()) and not found.count(stage(5))


def test_seed_and_epoch_decide():
    first, again, other = (epoch(batches(f"seed={seed}"), 3) for seed in (1, 1, 2))
    assert all(map(torch.equal, first, again))
    assert not torch.equal(first[1], other[1])
    assert not torch.equal(first[1], epoch(batches("seed=1"), 4)[1])


def test_epochs_do_not_depend_on_what_was_drawn_before():
    found = batches()
    epoch(found, 0)
    torch.manual_seed(5)
    assert all(map(torch.equal, epoch(found, 7), epoch(batches(), 7)))


@pytest.mark.parametrize("processes", [2, 3])
def test_parts_of_processes_together_are_the_batch(processes):
    changes = ["augmentation.crop=2", "augmentation.flip=random", "augmentation.colour=0.3",
               "augmentation.cutout=3"]
    whole = epoch(batches(*changes), 2)
    parts = [epoch(batches(*changes, rank=rank, processes=processes), 2)
             for rank in range(processes)]
    for index in range(2):
        assert torch.equal(torch.cat([part[index] for part in parts], 1), whole[index])


def test_alternate_flip_shows_each_image_both_ways_in_two_epochs():
    split = Split(np.tile(np.arange(9, dtype=np.uint8), (COUNT, 1, 16, 1)), np.arange(COUNT), ())
    recipe = load_recipe("digits", ["batch_size=10", *STILL, "augmentation.flip=alternate"])
    found, seen = Batches(recipe, split), []
    for number in range(4):
        images, labels = epoch(found, number)
        flipped = torch.zeros(COUNT, dtype=torch.bool)
        flipped[labels.flatten()] = images.flatten(0, 1)[:, 0, 0, 0] == 8
        seen.append(flipped)
    assert torch.equal(seen[0], ~seen[1]) and torch.equal(seen[1], ~seen[2])
    assert torch.equal(seen[2], ~seen[3]) and 10 < seen[0].sum() < 40


def test_images_of_the_data_set_stay_as_they_are():
    before = SPLIT.images.copy()
    epoch(batches("augmentation.colour=0.5", "augmentation.cutout=4"), 0)
    assert (SPLIT.images == before).all()


def test_batches_before_a_stage_are_those_of_earlier_epochs():
    found = batches("stages.relu.images=24", "stages.relu.epochs=3", "stages.clip.epochs=1")
    stages = found.recipe.stages
    assert [found.before(stage) for stage in stages[:3]] == [0, 3 * 2, 3 * 2 + 4]
    assert found.before(None) == found.before(stages[-1]) + stages[-1].epochs * 4
