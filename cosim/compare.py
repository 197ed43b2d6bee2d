"""Compare what two implementations computed; find the first neuron on which they differ."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Divergence", "Trace", "divergent_images", "first_divergence"]

# ``<layer>.potential`` and ``<layer>.time``, as the golden model and the simulation write them.
Trace = dict[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Divergence:
    """The first neuron whose value is not the expected one.

    ``field`` is ``potential``, ``time`` or ``scores``; ``step`` is None but in traces of leaky
    integrate-and-fire networks. Channel, row and column are those of the map, for ``time`` after
    pooling.
    """

    image: int
    layer: str
    field: str
    step: int | None
    channel: int
    row: int
    column: int
    expected: int
    found: int

    def __str__(self):
        step = "" if self.step is None else f" step {self.step}"
        return (f"image {self.image} layer {self.layer}{step} {self.field} "
                f"[{self.channel}, {self.row}, {self.column}]: "
                f"expected {self.expected}, found {self.found}")


def first_divergence(layers: Sequence[str], expected_scores: np.ndarray, scores: np.ndarray,
                     expected_trace: Trace | None = None,
                     trace: Trace | None = None) -> Divergence | None:
    """Return the first difference, or None if everything is equal.

    Images come first, then layers in the order of ``layers``, then steps, potential before time,
    then channel, row and column; scores last, as those of the last layer. Traces may cover fewer
    images than the scores (the first ones). ``ValueError`` if the two sides are not of one shape.

    >>> scores = np.array([[1, 5], [2, 7]])
    >>> print(first_divergence(["fc"], scores, scores + [[0, 0], [0, 1]]))
    image 1 layer fc scores [1, 0, 0]: expected 7, found 8
    """
    for image in divergent_images(expected_scores, scores, expected_trace, trace)[:1]:
        for layer, field, step, expected, found in _maps(
                layers, int(image), expected_scores, scores, expected_trace or {}, trace or {}):
            differs = expected != found
            if differs.any():
                place = np.unravel_index(differs.argmax(), differs.shape)
                channel, row, column = (int(index) for index in place)
                return Divergence(
                    image=int(image), layer=layer, field=field, step=step, channel=channel,
                    row=row, column=column, expected=int(expected[place]), found=int(found[place]))
    return None


def divergent_images(expected_scores: np.ndarray, scores: np.ndarray,
                     expected_trace: Trace | None = None,
                     trace: Trace | None = None) -> np.ndarray:
    """Return the indices of the images on which anything differs, ascending."""
    pairs = {"scores": (expected_scores, scores)}
    expected_trace, trace = expected_trace or {}, trace or {}
    if set(expected_trace) != set(trace):
        key = min(set(expected_trace) ^ set(trace))
        raise ValueError(f"{key} must be in both traces, not in one")
    pairs |= {key: (expected_trace[key], trace[key]) for key in trace}
    differs = np.zeros(len(scores), bool)
    for key, (expected, found) in pairs.items():
        if expected.shape != found.shape:
            raise ValueError(f"{key} must have shape {list(expected.shape)}, "
                             f"not {list(found.shape)}")
        differs[:len(found)] |= (expected != found).any(axis=tuple(range(1, found.ndim)))
    return differs.nonzero()[0]


def _maps(layers: Sequence[str], image: int, expected_scores: np.ndarray, scores: np.ndarray,
          expected_trace: Trace, trace: Trace) -> Iterator[tuple]:
    """Yield (layer, field, step, expected map, found map) of one image, in order."""
    for layer in layers:
        fields = [field for field in ("potential", "time")
                  if image < len(trace.get(f"{layer}.{field}", ()))]
        values = {field: (expected_trace[f"{layer}.{field}"][image],
                          trace[f"{layer}.{field}"][image]) for field in fields}
        has_steps = any(expected.ndim == 4 for expected, _ in values.values())
        for step in range(len(values["potential"][0])) if has_steps else (None,):
            for field, (expected, found) in values.items():
                if step is None:
                    yield layer, field, None, expected, found
                else:
                    yield layer, field, step, expected[step], found[step]
    yield (layers[-1], "scores", None, expected_scores[image].reshape(-1, 1, 1),
           scores[image].reshape(-1, 1, 1))
