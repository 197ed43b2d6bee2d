"""First thresholds: percentiles by hand, layer by layer, and which images they come from."""

import numpy as np
import pytest
import torch
from torch import nn

from algo.conversion.leaky import to_leaky
from algo.training import thresholds
from algo.training.thresholds import set_thresholds


def chain(*weights):
    """Return leaky layers of one channel, each a 1x1 conv of that weight, for maps of 1x1."""
    layers = []
    for weight in weights:
        conv = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.constant_(conv.weight, weight)
        layers += [conv, nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(1, 2))


def images(*values):
    return torch.tensor(values)[:, None, None, None]


def thresholds_of(model):
    return [float(module.threshold.detach()) for module in model if hasattr(module, "threshold")]


@pytest.mark.parametrize(("percentile", "expected"), [
    (90, 0.9), (100, 1.0), (50, 0.5), (41, 0.5), (40, 0.4), (1, 0.1)])
def test_percentile_by_hand(percentile, expected):
    """Of ten numbers 0.1 … 1.0, the ⌈p/10⌉-th from below."""
    model, values = to_leaky(chain(1.0), 1), [n / 10 for n in (3, 1, 7, 2, 10, 4, 9, 5, 8, 6)]
    set_thresholds(model, [images(*values)], percentile=percentile, factor=1.0)
    assert thresholds_of(model) == pytest.approx([expected])


def test_second_layer_sees_spikes_at_the_step_where_they_are_most():
    """The first threshold is 0.6: 0.6 spikes at each of 3 steps, 0.3 at the second, 0.2 last.

    So the second layer, of weight 2, gets (2, 0, 0), (2, 2, 0), (2, 0, 2): two thirds of its
    numbers are at most 0, 2 and 2.
    """
    model = to_leaky(chain(1.0, 2.0), 3)
    set_thresholds(model, [images(0.6, 0.3, 0.2)], percentile=66, factor=1.0)
    assert thresholds_of(model) == pytest.approx([0.3, 2.0])
    model = to_leaky(chain(1.0, 2.0), 3)
    set_thresholds(model, [images(0.6, 0.3, 0.2)], percentile=100, factor=1.0)
    assert thresholds_of(model) == pytest.approx([0.6, 2.0])
    set_thresholds(model, [images(0.6, 0.3, 0.2)], percentile=66, factor=2.0)
    assert thresholds_of(model) == pytest.approx([0.6, 4.0])


def test_batches_are_averaged_and_little_is_a_tenth():
    model = to_leaky(chain(1.0), 2)
    set_thresholds(model, [images(0.2, 0.4), images(0.3, 0.8)], percentile=100, factor=1.0)
    assert thresholds_of(model) == pytest.approx([0.6])
    set_thresholds(model, [images(-0.2, 0.05)], percentile=100, factor=3.0)
    assert thresholds_of(model) == pytest.approx([0.3])


def test_images_are_those_of_the_seed_and_no_more(monkeypatch):
    from algo.training.job import Job
    from algo.training.parallel import ALONE
    from algo.training.recipe_file import load_recipe

    recipe, seen = load_recipe("digits-lif", ["lif.images=150", "batch_size=64"]), []
    monkeypatch.setattr(thresholds, "set_thresholds",
                        lambda _, batches, **__: seen.append(batches))
    job = Job(recipe, recipe.stages, None, None, torch.device("cpu"), ALONE, None)
    for _ in range(2):
        thresholds.initialise_thresholds(job, recipe.stages[1], to_leaky(chain(1.0), 1))
    assert [len(batch) for batch in seen[0]] == [64, 64, 22]
    assert all(torch.equal(*pair) for pair in zip(*seen, strict=True))
    worth = np.unique(torch.cat(seen[0]).numpy() * 256)
    assert (worth == worth.round()).all() and len(worth) > 5
