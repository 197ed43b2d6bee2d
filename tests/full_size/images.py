"""Random images that look natural: smooth, with a 1/f spectrum and channels that go together."""

import numpy as np

__all__ = ["smooth_images"]

# How much the channels of an image have in common.
SHARED = 0.8


def smooth_images(seed: int, count: int, shape: tuple[int, int, int] = (3, 32, 32)) -> np.ndarray:
    """Return uint8 images [count, C, H, W] with random brightness and contrast.

    The same seed always gives the same images; the first of ``count + 1`` are those of ``count``.
    """
    channels, height, width = shape
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    amplitude = 1 / np.maximum(frequency, 1 / max(height, width))
    images = []
    for index in range(count):
        rng = np.random.default_rng([seed, index, 3])
        planes = np.fft.irfft2(amplitude * np.fft.rfft2(
            rng.normal(size=(channels + 1, height, width))), (height, width))
        planes = SHARED * planes[:1] + (1 - SHARED) * planes[1:]
        planes = (planes - planes.mean()) / planes.std()
        images.append(rng.uniform(80, 160) + rng.uniform(30, 70) * planes)
    return np.round(images).clip(0, 255).astype(np.uint8)
