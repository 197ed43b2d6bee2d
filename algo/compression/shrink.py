"""A network without the channels that nothing reads: physically smaller, the same function."""

from copy import deepcopy

import torch
from torch import Tensor, nn

from .channels import channels_of

__all__ = ["shrink"]


def shrink(model: nn.Module, masks: dict[str, Tensor]) -> nn.Module:
    """Return a copy of ``model``, of any form, without the channels that no mask lets be read.

    ``masks`` are those of its convs and linear layers, by name; weights that are gone must be 0.
    Layers without a mask are whole. A group of channels keeps at least one. Scores are equal, but
    for the order of sums.
    """
    channels = channels_of(model)
    masks = {name: masks.get(name, torch.ones(shape)) for name, shape in channels.shapes.items()}
    kept = channels.kept(masks)
    for group in channels.free:
        kept[group][0] |= not kept[group].any()
    model = deepcopy(model)
    for name in channels.shapes:
        layer = model.get_submodule(name)
        inputs = channels.spread(name, kept[channels.reads[name]])
        outputs = kept[channels.writes[name]]
        weight = layer.weight.detach()[outputs][:, inputs]
        _slice(layer, outputs)
        layer.weight = nn.Parameter(weight, layer.weight.requires_grad)
        kind = "features" if isinstance(layer, nn.Linear) else "channels"
        setattr(layer, f"out_{kind}", weight.shape[0])
        setattr(layer, f"in_{kind}", weight.shape[1])
    for name, group in channels.norms.items():
        norm = model.get_submodule(name)
        _slice(norm, kept[group])
        norm.num_features = int(kept[group].count_nonzero())
    return model


def _slice(module: nn.Module, kept: Tensor) -> None:
    """Keep some entries of whatever a module has for each output channel."""
    for name, parameter in list(module.named_parameters(recurse=False)):
        if parameter.shape == kept.shape:
            setattr(module, name, nn.Parameter(parameter.detach()[kept], parameter.requires_grad))
    for name, buffer in list(module.named_buffers(recurse=False)):
        if buffer.shape == kept.shape:
            setattr(module, name, buffer[kept])
