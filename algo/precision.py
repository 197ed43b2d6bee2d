"""The same network with products and potentials of other widths, or another input table.

Weights and spike times do not depend on the fraction bits F of a product (DESIGN section 2): a
potential is in units of 2^(−F), so biases and thresholds move with them, and only roundings differ.
"""

from dataclasses import replace

import numpy as np

from hw.network import Layer, Network, validate

from .coding import input_table
from .truncation import compensated, mean_loss

__all__ = ["with_precision"]


def with_precision(network: Network, *, product_bits: int | None = None,
                   potential_bits: int | None = None, coding: str | None = None,
                   images: np.ndarray | None = None) -> Network:
    """Return ``network`` with another F, A or input table; what is ``None`` stays.

    Parameters
    ----------
    coding
        A name of ``algo.coding.CODINGS``.
    images
        uint8 [N, C, H, W]: biases give back what truncation takes away on average over them, in
        place of what they give back now (``ttfs`` only).

    Provenance keeps ``accuracy`` for the network that it was measured with, as ``derived_from``.
    Raises ``hw.network.NetworkError`` if a potential may overflow, ``ValueError`` for other values
    that a number format or a table cannot have.
    """
    given = {"product_bits": product_bits, "potential_bits": potential_bits}
    numbers = replace(network.numbers, **{key: value for key, value in given.items()
                                          if value is not None})
    octaves = numbers.product_bits - network.numbers.product_bits
    layers = [_scaled(layer, octaves, octaves * numbers.steps_per_octave)
              for layer in _without_loss(network, images)]
    provenance = dict(network.provenance)
    provenance["derived_from"] = {
        "name": network.name, "coding": network.coding,
        **{key: getattr(network.numbers, key) for key in given},
        **{key: provenance.pop(key) for key in ("accuracy", "truncation_images")
           if key in provenance}}
    found = replace(network, numbers=numbers, layers=tuple(layers), provenance=provenance)
    if coding is not None:
        found = replace(found, coding=coding, exponents=input_table(coding, numbers))
    validate(found)
    return found if images is None else compensated(found, images)


def _without_loss(network: Network, images: np.ndarray | None) -> tuple[Layer, ...]:
    """Return the layers without what their biases give back, if they are to give back anew."""
    if images is None or "truncation_images" not in network.provenance:
        return network.layers
    return tuple(replace(layer, bias=(layer.bias - np.rint(loss)).astype(np.int32))
                 for layer, loss in zip(network.layers, mean_loss(network, images), strict=True))


def _scaled(layer: Layer, octaves: int, steps: int) -> Layer:
    """Return a layer whose potentials are 2^octaves times as large, rounded to nearest."""
    scale = 2.0 ** octaves
    bias = np.rint(layer.bias * scale)
    limits = np.iinfo(np.int32)
    found = replace(layer, bias=np.clip(bias, limits.min, limits.max).astype(np.int32))
    if layer.threshold_step is not None:
        return replace(found, threshold_step=(layer.threshold_step + steps).astype(np.int16))
    if layer.threshold is not None:
        return replace(found, threshold=max(1, round(layer.threshold * scale)))
    return found
