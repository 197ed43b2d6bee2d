"""Whether the layers of a spiking network still spike.

Where a layer sends nothing, those behind it learn nothing but their biases, and no gradient brings
it back: spikes vanish layer by layer when steps or windows become too few at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from torch import Tensor, nn

from ..conversion.leaky import layers_of_neurons
from ..neurons import Leaky, TimeCoded
from .stage import Stage

__all__ = ["LEAST_RATE", "SpikeCount", "check_spikes", "counted_spikes"]

# Fewer spikes per neuron are a collapse.
LEAST_RATE = 1e-4


@dataclass(eq=False)
class SpikeCount:
    """Spikes and neurons of each layer, by its name in network files, over all images seen.

    Neurons are those whose spikes a layer sends: after pooling. A leaky neuron may spike once in
    each step.
    """

    spikes: dict[str, Tensor] = field(default_factory=dict)
    neurons: dict[str, int] = field(default_factory=dict)

    def add(self, layer: str, sent: Tensor, steps: int) -> None:
        """Count what a layer sent, [steps · images, ...]."""
        self.spikes[layer] = self.spikes.get(layer, 0) + sent.detach().count_nonzero()
        self.neurons[layer] = self.neurons.get(layer, 0) + sent.numel() // steps

    def by_layer(self) -> dict[str, float]:
        """Return spikes per neuron and image of each layer."""
        return {layer: int(count) / self.neurons[layer] for layer, count in self.spikes.items()}

    def mean(self) -> float:
        """Return spikes per neuron and image."""
        return sum(map(int, self.spikes.values())) / max(1, sum(self.neurons.values()))


@contextmanager
def counted_spikes(model: nn.Module) -> Iterator[SpikeCount]:
    """Count what the neurons of ``model`` send within the block; without neurons, nothing."""
    count, handles = SpikeCount(), []
    neurons = {name: module for name, module in model.named_modules()
               if isinstance(module, TimeCoded | Leaky)}
    names = layers_of_neurons(model) if neurons else {}
    for name, module in neurons.items():
        steps = module.steps if isinstance(module, Leaky) else 1
        handles.append(module.register_forward_hook(
            lambda _, __, sent, layer=names[name], steps=steps: count.add(layer, sent, steps)))
    try:
        yield count
    finally:
        for handle in handles:
            handle.remove()


def check_spikes(stage: Stage, epoch: int, count: SpikeCount) -> None:
    """Raise ``ValueError`` that names stage and layer where a layer's spikes have vanished."""
    for layer, rate in count.by_layer().items():
        if rate < LEAST_RATE:
            fewer = "more steps" if stage.steps else "a longer window"
            raise ValueError(
                f"stages.{stage.name}: the spikes of layer {layer} have vanished after epoch "
                f"{epoch} ({rate:.2g} per neuron, fewer than {LEAST_RATE:g}); put a stage with "
                f"{fewer} before it, or choose a smaller learning_rate")
