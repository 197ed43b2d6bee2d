"""A network whose activations become leaky integrate-and-fire neurons over N steps.

Potentials that are kept from step to step are those of neurons, so neurons fire before pooling:
where a module pools first, the neuron takes over the pooling.
"""

from copy import deepcopy

from torch import fx, nn

from ..neurons import Clip, Leaky, TimeCoded
from ..neurons.leaky import neurons_of, summed_over_steps
from .synapses import pool_side
from .tracing import TRANSPARENT, ExportError, traced

__all__ = ["layers_of_neurons", "to_leaky"]

ACTIVATIONS = (nn.ReLU, Clip)
NEURONS = (TimeCoded, Leaky)


def to_leaky(model: nn.Module, steps: int) -> nn.Module:
    """Return a copy of ``model`` with leaky neurons of ``steps`` steps, thresholds 1 and leaks 1.

    Activations become neurons, and max pooling right before one a part of it. What the image alone
    decides is computed once for all steps; the model returns the sum over the steps of its scores.
    A model of leaky neurons keeps them, and changes its number of steps only. Raises
    :class:`ExportError` for what cannot be done step by step.
    """
    model = deepcopy(model)
    found = neurons_of(model)
    for neurons in found.values():
        neurons.steps = steps
    if found:
        return model
    modules, graph = dict(model.named_modules()), traced(model)
    of_image = _of_image_alone(graph, modules)
    nodes = [node for node in graph.nodes if _is_activation(node, modules)]
    names = [node.target for node in nodes]
    if of_image[graph.output_node()]:
        raise ExportError("a network of leaky neurons must have at least one activation (nn.ReLU)")
    for node in nodes:
        if names.count(node.target) > 1:
            raise ExportError(f"{node.target} is called more than once; give each call a module of "
                              "its own")
        pool = _pool_before(node, modules)
        neurons = Leaky(steps, is_first=of_image[node.args[0]],
                        pool=pool_side(pool.target, modules[pool.target]) if pool else 1)
        neurons.to(next(model.parameters()).device).train(modules[node.target].training)
        model.set_submodule(node.target, neurons)
        if pool:
            model.set_submodule(pool.target, nn.Identity().train(neurons.training))
    model.register_forward_hook(summed_over_steps)
    return model


def layers_of_neurons(model: nn.Module) -> dict[str, str]:
    """Return the names that the layers of neurons have in a network file, by their module's.

    A layer has the name of the first conv or linear layer that adds to it.
    """
    modules = dict(model.named_modules())
    return {node.target: _begun(node.args[0], modules) or node.target
            for node in traced(model).nodes
            if node.op == "call_module" and isinstance(modules[node.target], NEURONS)}


def _begun(node: fx.Node, modules: dict[str, nn.Module]) -> str | None:
    if node.op == "call_module":
        if isinstance(modules[node.target], nn.Conv2d | nn.Linear):
            return node.target
        if isinstance(modules[node.target], NEURONS):
            return None
    begun = (_begun(source, modules) for source in node.all_input_nodes)
    return next((name for name in begun if name), None)


def _of_image_alone(graph: fx.Graph, modules: dict[str, nn.Module]) -> dict[fx.Node, bool]:
    """Return which nodes are the same at each step."""
    found = {}
    for node in graph.nodes:
        sources = {found[source] for source in node.all_input_nodes}
        if len(sources) > 1:
            raise ExportError(f"{node.name}: the image and spikes cannot be added up by the same "
                              "leaky neurons; put neurons between them")
        found[node] = (not sources or sources.pop()) and not _is_activation(node, modules)
    return found


def _is_activation(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    return node.op == "call_module" and isinstance(modules[node.target], ACTIVATIONS)


def _pool_before(node: fx.Node, modules: dict[str, nn.Module]) -> fx.Node | None:
    """Return the max pooling right before a node, if there is one."""
    source = node.args[0]
    while source.op == "call_module" and isinstance(modules[source.target], TRANSPARENT):
        source = source.args[0]
    if source.op != "call_module" or not isinstance(modules[source.target], nn.MaxPool2d):
        return None
    if len(source.users) > 1:
        raise ExportError(f"{source.target}: max pooling before leaky neurons must go to them only")
    return source
