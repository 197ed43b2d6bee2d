import torch

from algo.augment import augmented


def moved(seed, *, shift=0.0, rotation=0.0, size=0.0):
    images = (torch.arange(5 * 64).reshape(5, 1, 8, 8) * 7 % 256).to(torch.uint8)
    generator = torch.Generator().manual_seed(seed)
    return images, augmented(images, shift=shift, rotation=rotation, size=size,
                             generator=generator)


def test_nothing_is_moved_by_nothing():
    images, result = moved(0)
    assert torch.equal(images, result) and result.dtype == torch.uint8


def test_same_seed_gives_same_images():
    first, second, other = (moved(seed, shift=1.0, rotation=20.0, size=0.2)[1]
                            for seed in (3, 3, 4))
    assert torch.equal(first, second) and not torch.equal(first, other)


def test_shift_is_bounded_in_pixels():
    """A single bright pixel stays within one pixel of where it was."""
    images = torch.zeros(200, 1, 9, 9, dtype=torch.uint8)
    images[:, 0, 4, 4] = 255
    result = augmented(images, shift=1.0, rotation=0.0, size=0.0,
                       generator=torch.Generator().manual_seed(0))
    inside = result[:, 0, 3:6, 3:6].sum((1, 2))
    assert torch.equal(inside, result.sum((1, 2, 3))) and (inside > 250).all()
    assert result[:, 0, 4, 4].min() < 64
