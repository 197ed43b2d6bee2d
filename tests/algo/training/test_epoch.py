"""The loss, with and without a teacher."""

import math

import pytest
import torch

from algo.training.epoch import _loss, divergence

from .short import short_recipe


def test_divergence_by_hand():
    """Teacher (1/2, 1/2), student (1/4, 3/4): ½·ln 2 + ½·ln ⅔ = ½·ln 4/3."""
    scores, wanted = torch.tensor([[0.0, math.log(3)]]), torch.tensor([[5.0, 5.0]])
    assert divergence(scores, wanted, 1.0).item() == pytest.approx(math.log(4 / 3) / 2)


def test_temperature_softens_and_is_made_up_for():
    """At temperature 2 scores count half, and the divergence fourfold."""
    scores, wanted = torch.tensor([[0.0, 2 * math.log(3)]]), torch.tensor([[1.0, 1.0]])
    assert divergence(scores, wanted, 2.0).item() == pytest.approx(2 * math.log(4 / 3))


def test_divergence_is_a_mean_over_images_and_nothing_for_equal_ones():
    scores, wanted = torch.tensor([[0.0, math.log(3)], [7.0, 3.0]]), torch.tensor([[5.0, 5.0],
                                                                                  [9.0, 5.0]])
    assert divergence(scores, wanted, 1.0).item() == pytest.approx(math.log(4 / 3) / 4)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_loss_is_shared_between_labels_and_teacher(share):
    recipe = short_recipe(f"distillation.weight={share}", "distillation.temperature=1",
                          "label_smoothing=0")
    scores, labels = torch.tensor([[0.0, math.log(3)]]), torch.tensor([0])
    found = _loss(recipe, scores, labels, lambda _: torch.zeros(1, 2), torch.zeros(1))
    expected = (1 - share) * math.log(4) + share * math.log(4 / 3) / 2
    assert found.item() == pytest.approx(expected)
    assert _loss(recipe, scores, labels, None, torch.zeros(1)).item() == pytest.approx(math.log(4))


def test_label_smoothing_by_hand():
    """Of 0.2, half goes to the other of two classes: −0.9·ln ¼ − 0.1·ln ¾."""
    recipe = short_recipe("label_smoothing=0.2")
    found = _loss(recipe, torch.tensor([[0.0, math.log(3)]]), torch.tensor([0]), None, None)
    assert found.item() == pytest.approx(-0.9 * math.log(1 / 4) - 0.1 * math.log(3 / 4))
