"""What the arrays of a data set must be, whatever file they come from."""

import numpy as np

from .failure import DataError
from .splits import Split

__all__ = ["checked"]


def checked(where: str, images: np.ndarray, labels: np.ndarray, classes: tuple[str, ...], *,
            shape: tuple[int, int, int] | None = None) -> Split:
    """Return images and labels as a :class:`Split`, or raise a :class:`DataError`.

    ``images`` must be uint8 [N, C, H, W] with N ≥ 1, of ``shape`` (C, H, W) if that is given;
    ``labels`` integers [N], each the index of one of ``classes``. ``where`` begins the message.
    """
    wanted = "C, H, W" if shape is None else ", ".join(map(str, shape))
    if (images.dtype != np.uint8 or images.ndim != 4 or images.size == 0
            or shape not in (None, images.shape[1:])):
        raise DataError(f"{where}: images must be uint8 [N, {wanted}], at least one, "
                        f"not {images.dtype} {list(images.shape)}")
    if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1]:
        raise DataError(f"{where}: labels must be {len(images)} integers, "
                        f"not {labels.dtype} {list(labels.shape)}")
    for label in (labels.min(), labels.max()):
        if not 0 <= label < len(classes):
            raise DataError(f"{where}: labels must be 0 to {len(classes) - 1}, not {label}")
    return Split(images, labels.astype(np.int64), classes)
