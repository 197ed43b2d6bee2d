"""What a recipe says about compression."""

from dataclasses import dataclass, fields

from .structures import STRUCTURES

__all__ = ["DENSE", "METHODS", "Compression"]

# How masks move: guided by a teacher's attention maps, and by momentum; by momentum alone; weights
# come back at random; the largest magnitudes at the beginning stay.
METHODS = ("attention", "momentum", "random", "magnitude")


@dataclass(frozen=True, kw_only=True)
class Compression:
    """A network that is sparse from its first step, and stays at its number of weights.

    Parameters
    ----------
    method
        One of ``METHODS``; empty: no compression.
    structure, lanes
        One of ``STRUCTURES``; ``balanced`` is for as many ``lanes``, others have 0.
    density
        Fraction of the weights of all convs and linear layers, but those of ``dense``, that exist.
    attention
        α of the loss (α/2) · Σ_j ‖Q_j − Q_j of the teacher‖₂ (see ``algo.compression.attention``).
    drop
        Fraction of a layer's weights that moves after the first epoch; it falls as half a cosine to
        0 at the end of the last stage of a form in which masks move.
    dense
        Names of layers that lose no weight (``channel``: no output channel); ``first`` and ``last``
        stand for those. For ``channel`` their weights count in ``density`` all the same, since they
        go with the channels that they read.
    """

    method: str = ""
    structure: str = "irregular"
    lanes: int = 0
    density: float = 1.0
    attention: float = 0.0
    drop: float = 0.5
    dense: tuple[str, ...] = ()

    def __post_init__(self):
        if not self.method:
            for field in fields(self):
                if getattr(self, field.name) != field.default:
                    raise ValueError(f"{field.name} must be left out without a method, not "
                                     f"{getattr(self, field.name)!r}")
            return
        for key, known in (("method", METHODS), ("structure", STRUCTURES)):
            if getattr(self, key) not in known:
                raise ValueError(f"{key} must be one of {', '.join(known)}, not "
                                 f"{getattr(self, key)!r}")
        if (self.lanes > 0) != (self.structure == "balanced") or self.lanes < 0:
            raise ValueError("lanes must be positive for the structure balanced, and 0 for others, "
                             f"not {self.lanes}")
        if not 0 < self.density < 1:
            raise ValueError(f"density must be above 0 and below 1, not {self.density}")
        if not 0 <= self.attention < float("inf") or (self.attention > 0) != (
                self.method == "attention"):
            raise ValueError("attention must be positive for the method attention, and 0 for "
                             f"others, not {self.attention}")
        if not 0 <= self.drop < 1:
            raise ValueError(f"drop must be 0 to below 1, not {self.drop}")


DENSE = Compression()
