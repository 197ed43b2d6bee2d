"""What a NIR graph may say that this hardware cannot do, and what a user can do about it."""

__all__ = ["InterchangeError", "refused_node"]

ADVICE = {
    "CubaLIF": "the current of its synapses leaks too (tau_syn), and only potentials are kept from "
               "step to step; train with LIF (snnTorch: Leaky, Norse: LIFBoxCell)",
    "CubaLI": "the current of its synapses leaks too (tau_syn)",
    "LI": "an integrator that leaks can only be left out at the very end",
    "I": "an integrator can only be the last node; neurons that fire are IF and LIF",
    "Scale": "fold the factors into the weights before it",
    "Delay": "spikes arrive at the step at which they are sent",
    "Conv1d": "use Conv2d",
}
REST = ("use Conv2d, Affine, Linear, LIF, IF, SumPool2d, AvgPool2d and Flatten, between one Input "
        "and one Output")


class InterchangeError(ValueError):
    """A graph or a network cannot be translated; one line that names node, rule and value."""


def refused_node(name: str, kind: str) -> InterchangeError:
    """Return the error for a node of a kind that cannot be expressed."""
    return InterchangeError(f"{name}: {kind} cannot be expressed; {ADVICE.get(kind, REST)}")
