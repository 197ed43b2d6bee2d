"""The network file of a checkpoint, with where it comes from."""

import platform
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from hw.network import Network

from ..compression.shrink import shrink
from ..export import ExportError, export
from ..models import SPIKING
from .checkpoint import load_checkpoint, model_of

__all__ = ["export_checkpoint"]

VERSIONS = ("numpy", "torch")


def export_checkpoint(path: Path, *, product_bits: int | None = None,
                      potential_bits: int | None = None) -> Network:
    """Return the network of a checkpoint whose form spikes (``algo.models.SPIKING``).

    Without the channels that compression removed.

    Product and potential bits are those of the recipe, unless others are given: weights and spike
    times do not depend on them, only roundings do.

    Raises :class:`algo.training.checkpoint.CheckpointError` if it is none, :class:`ExportError` if
    its form does not spike yet.
    """
    checkpoint = load_checkpoint(path)
    if checkpoint.form not in SPIKING:
        raise ExportError(f"{path}: form {checkpoint.form} does not spike; export a checkpoint of "
                          f"the form {', '.join(SPIKING[:-1])} or {SPIKING[-1]}")
    recipe, numbers = checkpoint.recipe, checkpoint.numbers
    given = {"product_bits": product_bits, "potential_bits": potential_bits}
    numbers = replace(numbers, **{key: bits for key, bits in given.items() if bits is not None})
    model = model_of(checkpoint, numbers)
    if recipe.compression.structure == "channel":
        model = shrink(model, checkpoint.part("mask"))
    network = export(model, input_shape=checkpoint.input_shape,
                     numbers=numbers, coding=recipe.coding, name=recipe.name,
                     classes=checkpoint.classes)
    network.provenance.update(
        recipe=recipe.name, seed=recipe.seed, form=checkpoint.form, accuracy=checkpoint.accuracy,
        sparsity=_sparsity(network), settings=recipe.as_dict(),
        versions={"python": platform.python_version(),
                  **{package: version(package) for package in VERSIONS}})
    if checkpoint.initial:
        network.provenance["initial_sha256"] = checkpoint.initial
    return network


def _sparsity(network: Network) -> float:
    """Return the fraction of stored weights that are 0."""
    weights = [group.weight for layer in network.layers for group in layer.synapses]
    stored = sum(int(np.count_nonzero(weight)) for weight in weights)
    return 1 - stored / sum(weight.size for weight in weights)
