"""What a float model answers to images of a data set."""

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["predictions_of", "values_of"]


def values_of(images: Tensor, worth: Tensor) -> Tensor:
    """Return what uint8 images are worth, float of the same shape, channels last.

    ``worth`` is what each pixel value is worth, float [256].
    """
    values = worth.index_select(0, images.flatten().int()).view(images.shape)
    return values.contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def predictions_of(model: nn.Module, worth: Tensor, images: np.ndarray, *, batch: int = 256,
                   device: torch.device | str = "cpu") -> np.ndarray:
    """Return the classes int64 [N] that ``model`` gives uint8 images, in evaluation and float32.

    ``worth`` is what each pixel value is worth, float [256].
    """
    model.eval()
    worth, found = worth.to(device), []
    for part in torch.from_numpy(images).split(batch):
        found.append(model(values_of(part.to(device), worth)).argmax(1).cpu())
    return torch.cat(found).numpy()
