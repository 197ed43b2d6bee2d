"""What an inference takes and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from hw.network import Network

__all__ = ["Inference", "Progress", "check_images"]

# Called with how much is done, of how much, and what is being done.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, eq=False)
class Inference:
    """What a network answers to some images.

    Parameters
    ----------
    scores
        int64 [N, classes], potentials of the output layer.
    trace
        ``<layer>.potential`` int32 [N, C, H, W], before firing and pooling; ``<layer>.time``
        uint8 [N, C, H′, W′], after pooling, T for silence. ``lif``: both [N, steps, C, H, W],
        ``.time`` is 0 for a spike and 1 for silence. The output layer has a potential only. Empty
        unless asked for.
    """

    scores: np.ndarray
    trace: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def predictions(self) -> np.ndarray:
        """int64 [N], the class of the highest score, the lowest index on ties."""
        return self.scores.argmax(axis=1)


def check_images(network: Network, images: np.ndarray) -> None:
    """Raise ``ValueError`` unless ``images`` is what ``network`` takes."""
    wanted = f"images must be uint8 [N, {', '.join(map(str, network.input_shape))}]"
    if not isinstance(images, np.ndarray):
        raise ValueError(f"{wanted}, not {type(images).__name__}")
    if images.dtype != np.uint8 or images.shape[1:] != tuple(network.input_shape):
        raise ValueError(f"{wanted}, not {images.dtype} {list(images.shape)}")
