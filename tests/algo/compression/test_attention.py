"""Attention maps by hand, and where they are taken."""

import math

import pytest
import torch

from algo.compression.attention import (
    AttentionTaps,
    attention_distance,
    attention_map,
    block_ends,
)
from algo.models import FORMS, build, in_form
from hw.numbers import NumberFormat

# Σ_c A² is (1 + 2, 4) = (3, 4), and Q = (3, 4) / 5.
ACTIVATION = torch.tensor([1.0, 2.0, math.sqrt(2), 0.0]).reshape(1, 2, 1, 2)


def test_map_by_hand():
    assert attention_map(ACTIVATION).tolist() == [pytest.approx([0.6, 0.8])]
    assert attention_map(torch.zeros(2, 3, 4, 4)).eq(0).all()


def test_distance_by_hand():
    """To Q = (0, 1): √(0.6² + 0.2²); the teacher may have other channels; a mean over images."""
    wanted = torch.tensor([0.0, 7.0]).reshape(1, 1, 1, 2)
    assert attention_distance([ACTIVATION], [wanted]).item() == pytest.approx(math.sqrt(0.4))
    two = [torch.cat([ACTIVATION, wanted.expand(1, 2, 1, 2)])], [wanted.expand(2, 1, 1, 2)]
    assert attention_distance(*two).item() == pytest.approx(math.sqrt(0.4) / 2)
    double = attention_distance([ACTIVATION] * 2, [wanted] * 2)
    assert double.item() == pytest.approx(2 * math.sqrt(0.4))


def test_equal_maps_have_no_distance_and_a_gradient_that_is_a_number():
    activation = ACTIVATION.clone().requires_grad_()
    distance = attention_distance([activation], [ACTIVATION])
    distance.backward()
    assert distance.item() == 0 and activation.grad.isfinite().all()


def test_maps_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"attention maps of the network, \[1, 2\], not \[2, 1\]"):
        attention_distance([ACTIVATION], [ACTIVATION.transpose(2, 3)])


ENDS = {"plain": (["fire2", "fire3"], {"channels": (4, 6, 5), "pools": (1, 2, 1)}),
        "vgg16": (["fire2", "fire4", "fire7", "fire10", "fire13"], {"width": 0.04}),
        "resnet20": (["block1_3.fire2", "block2_3.fire2", "block3_3.fire2"], {"width": 0.2}),
        "resnet18": ([f"block{stage}_2.fire2" for stage in range(1, 5)], {"width": 0.04})}


@pytest.mark.parametrize("architecture", ENDS)
def test_blocks_end_where_maps_shrink(architecture):
    ends, options = ENDS[architecture]
    model = build(architecture, **options, input_shape=(3, 32, 32), classes=4)
    for form in FORMS if architecture in ("plain", "resnet20") else FORMS[:1]:
        model = in_form(model, form, NumberFormat(), (3, 32, 32))
        assert block_ends(model) == ends, form


def test_taps_keep_activations_of_the_context_only():
    model = build("plain", channels=(4, 6), pools=(2, 1), input_shape=(1, 8, 8), classes=3)
    images = torch.rand(2, 1, 8, 8)
    taps = AttentionTaps((model, block_ends(model)), (model, block_ends(model)))
    for _ in range(2):
        with taps:
            model(images)
        assert [tuple(found.shape) for found in taps.activations[0]] == [(2, 4, 4, 4), (2, 6, 4, 4)]
    model(images)
    assert len(taps.activations[0]) == 2 and taps.distance() == 0
    with AttentionTaps((model, []), (None, [])) as none:
        model(images)
    assert none.distance() == 0
