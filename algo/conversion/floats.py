"""The integers of a network file, back in the float modules that they came from.

The inverse of :mod:`algo.export`: what hardware computes is computed by a PyTorch module again, but
for what products truncate. So a network file is something to train on, and not only an end.
"""

from copy import deepcopy

import torch
from torch import Tensor, nn

from hw.network import Layer, Network
from hw.numbers import LEAK_ONE

from .codes import bias_unit, decode
from .fold import fold_norms
from .graph import FloatLayer, read_layers
from .tracing import NORMS, ExportError, traced

__all__ = ["with_weights_of"]


@torch.no_grad()
def with_weights_of(network: Network, model: nn.Module) -> nn.Module:
    """Return a copy of ``model`` that computes what ``network`` does, in evaluation.

    ``model`` is the float network that such a file is exported from: of the same layers, its
    neurons in the form of the file. Batch normalisation stays, with statistics 0 and 1, and adds
    the biases. The scale of the scores is not in a file: here a weight of code 1 is worth 1.
    Raises :class:`ExportError` if a layer does not fit.
    """
    model = deepcopy(model).eval()
    layers = read_layers(fold_norms(model), network.input_shape, network.numbers)
    if len(layers) != len(network.layers):
        raise ExportError(f"{network.name} must have the {len(layers)} layers of the model, not "
                          f"{len(network.layers)}")
    norms = _norms_behind(model)
    for norm in norms.values():
        _reset(model.get_submodule(norm))
    for found, layer in zip(layers, network.layers, strict=True):
        _fill(model, found, layer, network, norms)
    return model


def _fill(model: nn.Module, found: FloatLayer, layer: Layer, network: Network,
          norms: dict[str, str]) -> None:
    numbers = network.numbers
    steps = _scale_steps(layer, network)
    bias = (torch.from_numpy(layer.bias).double() * bias_unit(steps, numbers)).float()
    for group, synapses in zip(found.groups, layer.synapses, strict=True):
        if group.module is None or group.is_exact:
            continue
        module = model.get_submodule(group.module)
        weight = decode(torch.from_numpy(synapses.weight), steps - group.shift + synapses.offset,
                        numbers)
        weight, averaged = _not_spread(weight, module.weight.shape)
        if weight.shape != module.weight.shape:
            raise ExportError(f"{layer.name}: its weights must be {list(module.weight.shape)} as "
                              f"those of the model, not {list(weight.shape)}")
        module.weight.copy_(weight)
        bias = bias / averaged if found.is_output else bias
        target = model.get_submodule(norms.get(group.module, group.module))
        if target.bias is not None:
            target.bias.copy_(bias)
            bias = torch.zeros_like(bias)                   # several groups: the first one adds it
    if found.leaky:
        neurons = model.get_submodule(found.neurons)
        neurons.threshold.fill_(layer.threshold * float(bias_unit(steps[:1], numbers)))
        neurons.leak.fill_(layer.leak / LEAK_ONE)


def _not_spread(weight: Tensor, shape: torch.Size) -> tuple[Tensor, int]:
    """Return the weights of a linear layer behind average pooling over whole maps, and their size.

    A file has them once for each place of a channel's map.
    """
    places = weight.shape[1] // shape[1] if weight.dim() == 2 == len(shape) else 1
    if places < 2 or weight.shape[1] % shape[1]:
        return weight, 1
    return weight.unflatten(1, (shape[1], places))[..., 0], places


def _scale_steps(layer: Layer, network: Network) -> Tensor:
    """Return the scale step of each channel, int64 [out]; 0 where hardware does not see it."""
    if layer.threshold_step is None:
        return torch.zeros(layer.channels, dtype=torch.int64)
    one = network.numbers.product_bits * network.numbers.steps_per_octave
    return torch.from_numpy(layer.threshold_step).long() - one


def _norms_behind(model: nn.Module) -> dict[str, str]:
    """Return the batch normalisation right behind each layer, by the layer's name."""
    modules = dict(model.named_modules())
    return {node.args[0].target: node.target for node in traced(model).nodes
            if node.op == "call_module" and isinstance(modules[node.target], NORMS)}


def _reset(norm: nn.Module) -> None:
    nn.init.zeros_(norm.running_mean)
    nn.init.constant_(norm.running_var, 1 - norm.eps)
    nn.init.ones_(norm.weight)
    nn.init.zeros_(norm.bias)
