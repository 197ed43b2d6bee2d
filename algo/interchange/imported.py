"""The PyTorch module that a NIR graph becomes."""

from torch import Tensor, nn

from hw.network import INPUT, Shape

from ..neurons.leaky import summed_over_steps
from .metadata import Metadata

__all__ = ["Imported"]


class Imported(nn.Module):
    """Convs, linear layers and :class:`algo.neurons.Leaky`, called in the order of a graph.

    An ordinary module: it can be trained, brought into the form ``lif-log``, exported.

    Shape: image float [B, C, H, W] -> scores [B, classes], summed over the steps. In the library
    that wrote the graph a pixel was most likely p/255.

    Parameters
    ----------
    input_shape
        Of the image.
    steps
        N, how often the image is presented.
    metadata
        What firstspike wrote beside the graph, if it did.

    Members
    -------
    offsets
        Of synapse groups, by the names of their modules; from ``metadata``.
    notes
        What the file left open and how it was read, a line each.
    """

    def __init__(self, input_shape: Shape, steps: int, metadata: Metadata | None = None):
        super().__init__()
        self.input_shape, self.steps, self.metadata = input_shape, steps, metadata
        self.calls: list[tuple[str, tuple[str, ...]]] = []
        self.offsets: dict[str, int] = {}
        self.notes: list[str] = []
        self.register_forward_hook(summed_over_steps)

    def add(self, name: str, module: nn.Module, sources: tuple[str, ...]) -> str:
        """Append a call of ``module`` on the sum of what ``sources`` return; return its name."""
        name = self._free(name)
        parent, _, last = name.rpartition(".")
        self._container(parent).add_module(last, module)
        self.calls.append((name, sources))
        return name

    def note_reset(self) -> None:
        """Note, once, what a graph of another program leaves open."""
        note = "neurons are read as reset by subtraction; NIR does not tell it from a reset to 0"
        if self.metadata is None and note not in self.notes:
            self.notes.append(note)

    def forward(self, image: Tensor) -> Tensor:
        values = {INPUT: image}
        for name, sources in self.calls:
            first, *others = (values[source] for source in sources)
            values[name] = self.get_submodule(name)(sum(others, start=first))
        return values[name]

    def _container(self, name: str) -> nn.Module:
        """Return the module of a dotted name, made of empty ones where there is none."""
        module = self
        for part in filter(None, name.split(".")):
            if part not in module._modules:
                module.add_module(part, nn.Module())
            module = module._modules[part]
        return module

    def _free(self, name: str) -> str:
        """Return a name that a module can have and none has, nor lies in or above one that has."""
        name = name.replace("/", ".").strip(".") or "node"
        taken = [INPUT, *(called for called, _ in self.calls)]
        parts = name.split(".")
        clashes = any(f"{name}.".startswith(f"{other}.") or f"{other}.".startswith(f"{name}.")
                      for other in taken)
        if not clashes and all(parts) and not hasattr(nn.Module(), parts[-1]) and not (
                parts[0] not in self._modules and hasattr(self, parts[0])):
            return name
        return self._free(name.replace(".", "_") + "_")

