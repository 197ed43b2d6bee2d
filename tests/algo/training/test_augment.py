"""Augmentation: each kind is an equation."""

from types import SimpleNamespace

import torch

from algo.training.augment import GREY, augmented, draw_changes
from algo.training.recipe_parts import Augmentation

SHAPE = (3, 12, 10)


def drawn(augmentation, *, count=60, seed=0, epoch=0, shape=SHAPE):
    """Return images, what happens to them, and what becomes of them."""
    generator = torch.Generator().manual_seed(100 + seed)
    images = torch.randint(1, 256, (count, *shape), generator=generator).to(torch.uint8)
    first_flip = torch.rand(count, generator=generator) < 0.5
    changes = draw_changes(augmentation, shape, first_flip=first_flip, epoch=epoch,
                           generator=torch.Generator().manual_seed(seed))
    result = augmented(images, changes)
    assert result.dtype == torch.uint8 and result.shape == images.shape
    return SimpleNamespace(images=images, changes=changes, result=result, first_flip=first_flip)


def shifted(image, down, right):
    """Return ``image`` [C, H, W] with pixel (y, x) taken from (y + down, x + right), else 0."""
    result = torch.zeros_like(image)
    _, height, width = image.shape
    for y in range(height):
        for x in range(width):
            if 0 <= y + down < height and 0 <= x + right < width:
                result[:, y, x] = image[:, y + down, x + right]
    return result


def test_nothing_changes_nothing():
    case = drawn(Augmentation())
    assert torch.equal(case.result, case.images)
    assert [getattr(case.changes, kind) for kind in ("affine", "crop", "flip", "cutout", "colour")
            ] == [None] * 5


ALL = Augmentation(shift=1.0, rotation=20.0, size=0.2, crop=2, flip="random", cutout=4, colour=0.3)


def test_same_seed_gives_same_images():
    first, second, other = (drawn(ALL, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(first.result, second.result)
    assert not torch.equal(first.changes.crop, other.changes.crop)


def test_parts_of_a_batch_are_changed_like_the_batch():
    case = drawn(ALL)
    parts = [augmented(case.images[rows], case.changes.of(rows))
             for rows in (slice(0, 20), slice(20, 60))]
    assert torch.equal(torch.cat(parts), case.result)


def test_crop_is_a_shift():
    case = drawn(Augmentation(crop=3))
    for image, result, (down, right) in zip(case.images, case.result, case.changes.crop.tolist(),
                                            strict=True):
        assert torch.equal(result, shifted(image, down, right))
    assert case.changes.crop.unique().tolist() == [-3, -2, -1, 0, 1, 2, 3]


def test_crop_may_exceed_the_image():
    case = drawn(Augmentation(crop=40))
    gone = (case.changes.crop.abs() >= torch.tensor(SHAPE[1:])).any(1)
    assert gone.any() and not case.result[gone].any()


def test_random_flip_is_a_mirror():
    case = drawn(Augmentation(flip="random"))
    assert torch.equal(case.result[case.changes.flip], case.images[case.changes.flip].flip(3))
    assert torch.equal(case.result[~case.changes.flip], case.images[~case.changes.flip])
    assert 15 < case.changes.flip.sum() < 45


def test_crop_and_flip_together():
    case = drawn(Augmentation(crop=2, flip="random"))
    for image, result, (down, right), flip in zip(
            case.images, case.result, case.changes.crop.tolist(), case.changes.flip, strict=True):
        expected = shifted(image, down, right)
        assert torch.equal(result, expected.flip(2) if flip else expected)


def test_alternate_flips_each_image_every_other_epoch():
    flips = [drawn(Augmentation(flip="alternate"), epoch=epoch).changes.flip
             for epoch in range(4)]
    assert torch.equal(flips[0], ~flips[1]) and torch.equal(flips[0], flips[2])
    assert torch.equal(flips[1], flips[3]) and flips[0].any() and not flips[0].all()
    case = drawn(Augmentation(flip="alternate"))
    assert torch.equal(case.changes.flip, case.first_flip)


def test_cutout_blackens_a_square():
    case = drawn(Augmentation(cutout=4), count=200)
    for image, result, (top, left) in zip(case.images, case.result, case.changes.cutout.tolist(),
                                          strict=True):
        expected = image.clone()
        expected[:, max(0, top):top + 4, max(0, left):left + 4] = 0
        assert torch.equal(result, expected)
    black = (case.result == 0).all(1).flatten(1).sum(1)
    assert black.max() == 16 and black.min() >= 4   # centres lie in the image


def test_colour_of_grey_images_is_brightness_and_contrast():
    case = drawn(Augmentation(colour=0.4), shape=(1, 12, 10))
    brightness, contrast, _ = (factor[:, None, None, None]
                               for factor in case.changes.colour.unbind(1))
    assert ((case.changes.colour - 1).abs() <= 0.4).all()
    bright = case.images.float() * brightness
    mean = bright.mean((1, 2, 3), keepdim=True)
    expected = (mean + (bright - mean) * contrast).round().clamp(0, 255)
    assert (case.result - expected).abs().max() <= 1


def test_saturation_leaves_grey_pixels_and_luminance():
    """Three equal channels stay equal; grey of others stays, but for roundings and clipping."""
    case = drawn(Augmentation(colour=0.2))
    grey = case.images[:, :1].expand(-1, 3, -1, -1)
    result = augmented(grey, case.changes).float()
    assert (result - result[:, :1]).abs().max() <= 1
    images = case.images // 4 + 96                  # far from 0 and 255
    changes = case.changes
    changes.colour[:, :2] = 1
    changed = augmented(images, changes).float()
    weight = torch.tensor(GREY)[:, None, None]
    assert ((changed - images.float()) * weight).sum(1).abs().max() <= 0.51
    assert (changed - images.float()).abs().max() > 3


def test_rotation_by_nothing_but_a_shift_of_whole_pixels():
    """An affine shift of (right, down) pixels is the crop of as many."""
    case = drawn(Augmentation(shift=1.0))
    height, width = SHAPE[1:]
    pixels = torch.tensor([[1, 2], [0, -3], [-2, 0]] * 20)
    case.changes.affine[:] = torch.eye(2, 3)
    case.changes.affine[:, 0, 2] = 2 * pixels[:, 1] / width
    case.changes.affine[:, 1, 2] = 2 * pixels[:, 0] / height
    result = augmented(case.images, case.changes)
    for image, found, (down, right) in zip(case.images, result, pixels.tolist(), strict=True):
        assert (found.int() - shifted(image, down, right).int()).abs().max() <= 1


def test_shift_is_bounded_in_pixels():
    """A single bright pixel stays within one pixel of where it was."""
    changes = draw_changes(Augmentation(shift=1.0), (1, 9, 9), epoch=0,
                           first_flip=torch.zeros(200, dtype=torch.bool),
                           generator=torch.Generator().manual_seed(0))
    images = torch.zeros(200, 1, 9, 9, dtype=torch.uint8)
    images[:, 0, 4, 4] = 255
    result = augmented(images, changes)
    inside = result[:, 0, 3:6, 3:6].sum((1, 2))
    assert torch.equal(inside, result.sum((1, 2, 3))) and (inside > 250).all()
    assert result[:, 0, 4, 4].min() < 64


def test_a_quarter_turn_is_a_rotation():
    changes = draw_changes(Augmentation(rotation=90.0), (1, 9, 9), epoch=0,
                           first_flip=torch.zeros(8, dtype=torch.bool),
                           generator=torch.Generator().manual_seed(0))
    changes.affine[:, :, :2] = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    images = torch.randint(0, 256, (8, 1, 9, 9)).to(torch.uint8)
    assert torch.equal(augmented(images, changes), images.rot90(1, (2, 3)))


def test_rotation_and_size_are_bounded():
    changes = draw_changes(Augmentation(rotation=20.0, size=0.2), (1, 9, 9), epoch=0,
                           first_flip=torch.zeros(500, dtype=torch.bool),
                           generator=torch.Generator().manual_seed(0))
    matrix = changes.affine[:, :, :2]
    gain = torch.linalg.det(matrix).sqrt()
    angle = torch.rad2deg(torch.atan2(matrix[:, 1, 0], matrix[:, 0, 0]))
    assert 0.8 <= gain.min() < 0.81 and 1.19 < gain.max() <= 1.2
    assert -20 <= angle.min() < -19 and 19 < angle.max() <= 20
    assert not changes.affine[:, :, 2].any()
