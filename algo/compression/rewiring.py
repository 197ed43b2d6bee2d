"""Masks of a whole network: the first ones, and those after an epoch."""

import torch
from torch import Tensor, nn

from .budgets import whole_budget
from .channels import (
    Channels,
    channels_of,
    drop_channels,
    fewer_channels,
    first_channels,
    grow_channels,
)
from .masks import prunable_weights
from .regrowth import dropped, fewer_weights, first_masks, mean_momentum, regrown
from .settings import Compression
from .structures import selection

__all__ = ["competing_weights", "first_wiring", "rewired", "thinned"]


def competing_weights(settings: Compression, model: nn.Module) -> dict[str, Tensor]:
    """Return the weights of the layers that are not ``dense``, detached, by name.

    Raises ``ValueError`` if ``dense`` names a layer that there is not, or all of them.
    """
    weights = {name: weight.detach() for name, weight in prunable_weights(model).items()}
    names = _dense(settings, list(weights))
    if len(set(names)) == len(weights):
        raise ValueError(f"dense must leave a layer to prune, not {list(settings.dense)}")
    return {name: weight for name, weight in weights.items() if name not in names}


def first_wiring(settings: Compression, model: nn.Module,
                 generator: torch.Generator | None = None) -> dict[str, Tensor]:
    """Return the masks of a new network at random, or without a generator of the largest weights.

    At random all layers have the same density. The largest weights compete over all layers; with
    ``channel`` the same part of the channels of each group exists, those whose filters have the
    largest norms.
    """
    if settings.structure == "channel":
        channels, scores = _scored_channels(settings, model, generator)
        kept = first_channels(channels, scores, _budget(settings, channels))
        return _as_floats(model, channels.masks(kept))
    scores = _scored_weights(settings, model, generator)
    select = selection(settings.structure, settings.lanes)
    return _as_floats(model, first_masks(scores, settings.density, select,
                                         compete=generator is None))


def thinned(settings: Compression, model: nn.Module, masks: dict[str, Tensor],
            generator: torch.Generator) -> dict[str, Tensor]:
    """Return ``masks`` with only so many weights left as ``settings`` have, the largest ones.

    They compete over all layers; of channels the same part of each group goes, those of the
    smallest norms. The method ``random`` removes any.
    """
    present = {name: mask.bool() for name, mask in masks.items()}
    generator = generator if settings.method == "random" else None
    if settings.structure == "channel":
        channels, scores = _scored_channels(settings, model, generator)
        left = fewer_channels(channels, channels.kept(present), scores,
                              _budget(settings, channels))
        return _as_floats(model, channels.masks(left))
    scores = _scored_weights(settings, model, generator)
    present = {name: present[name] for name in scores}
    select = selection(settings.structure, settings.lanes)
    return _as_floats(model, fewer_weights(scores, present, settings.density, select))


def _scored_weights(settings: Compression, model: nn.Module,
                    generator: torch.Generator | None) -> dict[str, Tensor]:
    """Return the magnitudes of the weights that compete; with a generator random numbers."""
    return {name: _random(weight.shape, generator, weight) if generator else weight.abs()
            for name, weight in competing_weights(settings, model).items()}


def _scored_channels(settings: Compression, model: nn.Module, generator: torch.Generator | None
                     ) -> tuple[Channels, list[Tensor]]:
    """Return the channels of a model and their norms; with a generator random numbers."""
    weights = {name: weight.detach() for name, weight in prunable_weights(model).items()}
    channels = channels_of(model, _dense(settings, list(weights)))
    scores = _norms(channels, weights)
    if generator:
        scores = [_random(score.shape, generator, score) for score in scores]
    return channels, scores


def rewired(settings: Compression, model: nn.Module, masks: dict[str, Tensor],
            momentum: dict[str, Tensor], fraction: float,
            generator: torch.Generator) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the masks after the smallest went, and after as many others came back.

    What came back begins at 0, also what had just gone: apply the first masks, then the second.
    ``momentum`` is that of all layers (see ``algo.compression.momentum``); the method ``random``
    does without.
    """
    present = {name: mask.bool() for name, mask in masks.items()}
    move = _moved_channels if settings.structure == "channel" else _moved_weights
    return tuple(_as_floats(model, found) for found in move(
        settings, model, present, momentum, fraction, generator))


def _moved_weights(settings: Compression, model: nn.Module, masks: dict[str, Tensor],
                   momentum: dict[str, Tensor], fraction: float, generator: torch.Generator):
    weights = competing_weights(settings, model)
    select = selection(settings.structure, settings.lanes)
    before = {name: masks[name] for name in weights}
    left = dropped(weights, before, fraction, select)
    gone = [int(before[name].count_nonzero() - left[name].count_nonzero()) for name in left]
    if settings.method == "random":
        scores = {name: _random(weight.shape, generator, weight)
                  for name, weight in weights.items()}
        shares = [float(count) for count in gone]
    else:
        scores = {name: momentum[name].abs() for name in weights}
        shares = mean_momentum(momentum, left)
    return left, regrown(scores, left, sum(gone), shares, select)


def _moved_channels(settings: Compression, model: nn.Module, masks: dict[str, Tensor],
                    momentum: dict[str, Tensor], fraction: float, generator: torch.Generator):
    weights = {name: weight.detach() for name, weight in prunable_weights(model).items()}
    channels = channels_of(model, _dense(settings, list(weights)))
    before = channels.kept(masks)
    left = drop_channels(channels, before, _norms(channels, weights), fraction)
    if settings.method == "random":
        scores = [_random(own.shape, generator, own) for own in left]
        shares = [float(one.count_nonzero() - other.count_nonzero())
                  for one, other in zip(before, left, strict=True)]
    else:
        scores, shares = _momenta(channels, momentum, left)
    grown = grow_channels(channels, left, scores, shares, _budget(settings, channels))
    return channels.masks(left), channels.masks(grown)


def _momenta(channels: Channels, momentum: dict[str, Tensor],
             left: list[Tensor]) -> tuple[list[Tensor], list[float]]:
    """Return the mean |momentum| of the weights that read each channel, and of a group's filters.

    Of a channel that nothing reads only the former have a gradient. Weights of other channels that
    do not exist do not count.
    """
    momentum = {name: momentum[name].abs() for name in channels.shapes}
    written = {name: left[channels.writes[name]].reshape(-1, *[1] * (tensor.dim() - 1)).expand_as(
        tensor) for name, tensor in momentum.items()}
    scores, shares = _of_free(channels, written), [0.0] * len(channels.sizes)
    exists = channels.masks(left)
    for group in channels.free:
        counts = channels.by_channel(written, group, of="reads")
        values = channels.by_channel(momentum, group, of="reads") * counts
        scores[group] = values.mean(1) / counts.float().mean(1)
        filters = channels.by_channel(momentum, group, of="writes")
        found = filters[channels.by_channel(exists, group, of="writes")]
        shares[group] = float(found.mean(dtype=torch.float64).nan_to_num(0, 0, 0))
    return scores, shares


def _norms(channels: Channels, weights: dict[str, Tensor]) -> list[Tensor]:
    """Return the Frobenius norm of the filters that write each channel."""
    norms = _of_free(channels, weights)
    for group in channels.free:
        norms[group] = channels.by_channel(weights, group, of="writes").square().sum(1).sqrt()
    return norms


def _of_free(channels: Channels, tensors: dict[str, Tensor]) -> list[Tensor]:
    """Return zeros for each channel, to be filled for groups that may lose some."""
    device = next(iter(tensors.values())).device
    return [torch.zeros(size, device=device) for size in channels.sizes]


def _budget(settings: Compression, channels: Channels) -> int:
    return whole_budget(settings.density, channels.count(channels.sizes))


def _random(shape: torch.Size, generator: torch.Generator, like: Tensor) -> Tensor:
    """Return uniform numbers that do not depend on the device."""
    return torch.rand(shape, generator=generator).to(like.device)


def _as_floats(model: nn.Module, masks: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return masks of all layers of ``model`` as floats; those of no mask are whole."""
    return {name: masks[name].to(weight) if name in masks else torch.ones_like(weight.detach())
            for name, weight in prunable_weights(model).items()}


def _dense(settings: Compression, layers: list[str]) -> list[str]:
    """Return the names of the layers that lose nothing."""
    places = {"first": layers[0], "last": layers[-1]}
    names = [places.get(name, name) for name in settings.dense]
    for name in names:
        if name not in layers:
            raise ValueError(f"dense must name layers of the network ({', '.join(layers)}; first, "
                             f"last), not {name!r}")
    return names
